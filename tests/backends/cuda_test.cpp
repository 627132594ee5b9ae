#include "backends/cuda/device.h"
#include "harness/fusion.h"
#include "harness/models/models.h"
#include "harness/table.h"
#include "tests/backends/against_reference.h"
#include "tests/catch.h"

namespace bitsweep {
namespace {

const Backend& cuda_row() {
  return pick(backends(), "backend", "cuda");
}

/// Whether there is a GPU; if not, that this test did not run is told.
bool gpu_is_here() {
  if (cuda::why_no_device().empty()) return true;
  WARN("not run: " << cuda::why_no_device());
  return false;
}

TEST_CASE("cuda: a node without a GPU says why, and nothing is prepared") {
  const Network network = fuse(build_model("mlp:8-4", 0));
  const Device device = cuda_row().device();
  CHECK(device.name.empty() == !device.why_none.empty());
  if (device.why_none.empty()) return;
  CHECK_THAT(device.why_none, ContainsSubstring("no CUDA device: "));
  CHECK(cuda_row().why_not(network, {Precision::fp32, 1, 1, {}}) == device.why_none);
  CHECK_THROWS_AS(cuda_row().prepare(network, {Precision::fp32, 1, 1, {}}), Error);
  CHECK_THROWS_AS(cuda_row().measure_ceilings(), Error);
}

TEST_CASE("cuda: the libraries are told without a GPU") {
  const std::vector<Library> libraries = cuda_row().libraries();
  REQUIRE(libraries.size() == 2);
  CHECK_THAT(libraries[0].version, ContainsSubstring("9."));
}

TEST_CASE("cuda: a GPU's ceilings are of every precision, and copies inside it are faster than to the host") {
  if (!gpu_is_here()) return;
  const Ceilings ceilings = cuda_row().measure_ceilings();
  CHECK(ceilings.device == cuda_row().device().name);
  CHECK(ceilings.arithmetic.size() >= 5);
  for (const Arithmetic& arithmetic : ceilings.arithmetic) CHECK(arithmetic.macs_per_s > 1e12);
  REQUIRE(ceilings.transfers.size() == 2);
  for (const Transfer& transfer : ceilings.transfers)
    CHECK(transfer.bytes_per_s < ceilings.bandwidth.back().bytes_per_s);
}

}  // namespace
}  // namespace bitsweep

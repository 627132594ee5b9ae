#include "harness/comparison.h"

#include <vector>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

Run run(Precision precision, Pruning pruning = {}, int64_t batch = 1, const char* calibration = "minmax") {
  Run made;
  made.model = "mlp";
  made.precision = precision;
  made.pruning = pruning;
  made.batch = batch;
  made.calibration = calibration;
  return made;
}

const Pruning half = {"magnitude", 0.5};

}  // namespace

TEST_CASE("comparison: the baseline is the unpruned fp32 run that is otherwise the same") {
  const std::vector<Run> block = {run(Precision::int8, half), run(Precision::fp32, half),
                                  run(Precision::fp32, {}, 8), run(Precision::int8), run(Precision::fp32)};
  for (const size_t of : {0, 1, 3, 4}) CHECK(fp32_baseline(block[of], block) == 4);
  CHECK(fp32_baseline(block[2], block) == 2);
  CHECK_FALSE(fp32_baseline(run(Precision::int8, {}, 16), block));
  CHECK(dense_baseline(block[0], block) == 3);
  CHECK(dense_baseline(block[1], block) == 4);
  CHECK_FALSE(dense_baseline(run(Precision::bf16, half), block));
}

TEST_CASE("comparison: calibration does nothing to fp32, so the run of another method serves") {
  const std::vector<Run> block = {run(Precision::fp32), run(Precision::int8, {}, 1, "entropy")};
  CHECK(fp32_baseline(block[1], block) == 0);
}

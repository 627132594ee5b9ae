#include "backends/onednn/arena.h"

#include "tests/catch.h"

namespace bitsweep::onednn {
namespace {

TEST_CASE("arena: buffers share a place only if they are not alive at the same time") {
  // A chain: each buffer is written in one step and read in the next.
  const Placement chain = place({{1000, 0, 1}, {2000, 1, 2}, {1000, 2, 3}, {2000, 3, 4}});
  CHECK(chain.bytes == 1024 + 2048);  // a step's source and destination, in whole cache lines
  CHECK(chain.offsets[0] == chain.offsets[2]);
  CHECK(chain.offsets[1] == chain.offsets[3]);

  // A shortcut lives through the chain.
  const Placement shortcut = place({{64, 0, 3}, {64, 1, 2}, {64, 2, 3}, {64, 3, 3}});
  CHECK(shortcut.bytes == 3 * 64);
}

TEST_CASE("arena: every place is aligned, and memory is zeroed") {
  const Placement placement = place({{1, 0, 5}, {65, 0, 5}, {130, 0, 5}});
  for (const size_t offset : placement.offsets) CHECK(offset % 64 == 0);
  CHECK(placement.bytes == 64 + 128 + 192);
  const AlignedMemory memory(100);
  CHECK(reinterpret_cast<uintptr_t>(memory.data()) % 64 == 0);
  CHECK(std::all_of(memory.data(), memory.data() + 100, [](std::byte byte) { return byte == std::byte{0}; }));
}

}  // namespace
}  // namespace bitsweep::onednn

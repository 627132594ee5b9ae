// Arithmetic in tiles: AMX. A tile is 16 rows of 64 bytes.
#include <array>

#include <sys/syscall.h>
#include <unistd.h>

#include "harness/ceilings/kernels.h"

namespace bitsweep {
namespace {

/// What LDTILECFG reads. Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1,
/// section 18.2.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  std::array<uint8_t, 14> reserved = {};
  std::array<uint16_t, 16> row_bytes = {64, 64, 64, 64, 64, 64, 64, 64};
  std::array<uint8_t, 16> rows = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfiguration) == 64);

struct alignas(64) Tile {
  std::array<uint16_t, 512> numbers;
};

constexpr int64_t tile_bytes_a_row = 64;
constexpr int64_t sums = 6;  // tiles 0 to 5; 4 are needed: 16 cycles each, 52 until the result
constexpr int64_t cells = 16 * 16;
constexpr uint16_t bf16_number = 0x3fc0;  // 1.5
constexpr uint16_t fp16_number = 0x3e00;  // 1.5
constexpr uint16_t two_bytes = 0x0b16;

Tile filled(uint16_t number) {
  Tile tile;
  tile.numbers.fill(number);
  return tile;
}

// A round: PRODUCT adds tile 6 × tile 7 to each of the other tiles. Tiles are no registers that g++ knows,
// and it uses none, so they need not be named as overwritten.
#define BITSWEEP_TILE_ROUNDS(PRODUCT)                                                         \
  asm volatile(                                                                               \
      "ldtilecfg %[configuration]\n\t"                                                        \
      ".irp sum, 0,1,2,3,4,5\n\t"                                                             \
      "tilezero %%tmm\\sum\n\t"                                                               \
      ".endr\n\t"                                                                             \
      "tileloadd (%[tile],%[stride],1), %%tmm6\n\t"                                           \
      "tileloadd (%[tile],%[stride],1), %%tmm7\n\t"                                           \
      "1:\n\t" PRODUCT                                                                        \
      "dec %[rounds]\n\t"                                                                     \
      "jnz 1b\n\t"                                                                            \
      "tilerelease\n\t"                                                                       \
      : [rounds] "+r"(rounds)                                                                 \
      : [configuration] "m"(configuration), [tile] "r"(&tile), [stride] "r"(tile_bytes_a_row) \
      : "cc", "memory")

/// u8 × s8, 64 pairs for each of the 256 cells of a tile.
void int8(int64_t rounds) {
  const TileConfiguration configuration;
  const Tile tile = filled(two_bytes);
  BITSWEEP_TILE_ROUNDS(".irp sum, 0,1,2,3,4,5\n\ttdpbusd %%tmm7, %%tmm6, %%tmm\\sum\n\t.endr\n\t");
}

/// 32 pairs of bf16 for each cell, summed in fp32.
void bf16(int64_t rounds) {
  const TileConfiguration configuration;
  const Tile tile = filled(bf16_number);
  BITSWEEP_TILE_ROUNDS(".irp sum, 0,1,2,3,4,5\n\ttdpbf16ps %%tmm7, %%tmm6, %%tmm\\sum\n\t.endr\n\t");
}

/// 32 pairs of fp16 for each cell, summed in fp32. In bytes, for assemblers before 2023 do not know
/// TDPFP16PS: VEX.128.F2.0F38.W0 5C, here tile 7, tile 6, sum.
void fp16(int64_t rounds) {
  const TileConfiguration configuration;
  const Tile tile = filled(fp16_number);
  BITSWEEP_TILE_ROUNDS(
      ".irp sum, 0xc6,0xce,0xd6,0xde,0xe6,0xee\n\t.byte 0xc4,0xe2,0x43,0x5c,\\sum\n\t.endr\n\t");
}

/// Linux gives the state of tiles only to processes that ask. Source: Documentation/arch/x86/xstate.rst.
bool tiles_permitted() {
  constexpr int request_permission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int tile_data = 18;               // XFEATURE_XTILE_DATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

}  // namespace

std::vector<ArithmeticKernel> amx_kernels() {
  return {
      {"int8", "amx_int8", {"amx_tile", "amx_int8"}, sums * cells * 64, int8, tiles_permitted},
      {"bf16", "amx_bf16", {"amx_tile", "amx_bf16"}, sums * cells * 32, bf16, tiles_permitted},
      {"fp16", "amx_fp16", {"amx_tile", "amx_fp16"}, sums * cells * 32, fp16, tiles_permitted},
  };
}

}  // namespace bitsweep

// The frame of the loops whose round is one instruction a sum.
#pragma once

/// void NAME(int64_t rounds) in instructions of TARGET: for each sum of SUMS ("0,1,...") INSTRUCTION on the
/// factors in registers 14 and 15, which LOAD fills from CONSTANT; registers are REGISTER ("ymm", "zmm"),
/// CLOBBERED those used.
#define BITSWEEP_LOOP(name, target_name, load, constant, instruction, register_name, sums_text, ...)  \
  __attribute__((target(target_name))) void name(int64_t rounds) {                                    \
    asm volatile("vzeroall\n\t" load " %[number], %%" register_name "14\n\t" load                     \
                 " %[number], %%" register_name                                                       \
                 "15\n\t"                                                                             \
                 "1:\n\t"                                                                             \
                 ".irp sum, " sums_text "\n\t" instruction " %%" register_name "14, %%" register_name \
                 "15, %%" register_name                                                               \
                 "\\sum\n\t"                                                                          \
                 ".endr\n\t"                                                                          \
                 "dec %[rounds]\n\t"                                                                  \
                 "jnz 1b\n\t"                                                                         \
                 "vzeroupper\n\t"                                                                     \
                 : [rounds] "+r"(rounds)                                                              \
                 : [number] "m"(constant)                                                             \
                 : __VA_ARGS__, "cc");                                                                \
  }

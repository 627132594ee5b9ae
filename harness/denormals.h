// Denormal numbers cost hundreds of cycles each on x86 and are no part of what is measured.
#pragma once

namespace bitsweep {

/// Sets FTZ and DAZ in this thread and in its first `threads` OpenMP threads, which keep them.
void flush_denormals(int threads);

/// In how many of this thread's OpenMP threads both are set, of `threads`.
int threads_that_flush(int threads);

}  // namespace bitsweep

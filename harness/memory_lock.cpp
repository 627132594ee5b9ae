#include "harness/memory_lock.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>

namespace bitsweep {

std::string lock_memory() {
  // Of pages that are not there yet none is fetched: that would take all of each thread's stack.
  if (mlockall(MCL_CURRENT | MCL_ONFAULT) == 0) return "locked";
  const int error = errno;
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  return fmt::format("not locked: {}; {} KiB are allowed (ulimit -l)", std::strerror(error),
                     limit.rlim_cur / 1024);
}

}  // namespace bitsweep

// Several databases become one.
#pragma once

#include <cstdint>
#include <string>

namespace bitsweep {

/// What became of the results of one database.
struct Merged {
  int64_t sessions_taken = 0;  ///< that the target did not have
  int64_t results_taken = 0;
  int64_t results_replaced = 0;  ///< in place of one of the target that had not ended ok
  int64_t results_known = 0;     ///< that the target had already, or something better in their place
};

/// Takes the sessions and results of `from` into `into`, which is made if it does not exist. Doing so again
/// changes nothing. Of two results of a run in the same session one that ended ok is kept, or else the later.
/// One transaction a session: started again after a crash, it goes on. Throws Error if both are the same
/// file.
Merged merge(const std::string& into, const std::string& from);

}  // namespace bitsweep

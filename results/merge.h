// Several databases become one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bitsweep {

/// What became of the results of one database.
struct Merged {
  int64_t sessions_taken = 0;  ///< that the target did not have
  int64_t results_taken = 0;
  int64_t results_replaced = 0;  ///< in place of one of the target that had not ended ok
  int64_t results_known = 0;     ///< that the target had already, or something better in their place
  int64_t acceptances_taken = 0;
  int64_t queries_taken = 0;
  std::vector<std::string> queries_left;  ///< whose names stand for other queries in the target
};

/// Takes the sessions, results, accepted changes and saved queries of `from` into `into`, which is made if it
/// does not exist. Doing so again changes nothing. Of two results of a run in the same session one that ended
/// ok is kept, or else the later. Of two queries of one name that of the target stays; accepted changes are
/// all kept, and the latest session counts. One transaction a session: started again after a crash, it goes
/// on. Throws Error if both are the same file.
Merged merge(const std::string& into, const std::string& from);

}  // namespace bitsweep

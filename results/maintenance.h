// Care of the file: is it whole, how large is it, what may go.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bitsweep {

/// Everything that is wrong with the file, a sentence each; empty if it is whole.
std::vector<std::string> integrity(const std::string& database);

struct Sizes {
  uint64_t before = 0;  ///< bytes of the file and its log
  uint64_t after = 0;
};
/// Gives the room of what was removed back to the disk; needs as much again while it works.
Sizes vacuum(const std::string& database);

/// Which sessions stay.
struct Keep {
  int64_t count = 0;  ///< sessions of each experiment, the latest
  int64_t days = 0;   ///< or those that began at most so many days ago; one of the two is 0
};
/// "30": 30 sessions of each experiment; "90d": those of the last 90 days. Throws Error for anything else.
Keep parse_keep(const std::string& text);

/// A session that goes.
struct PrunedSession {
  int64_t id = 0;
  std::string experiment;
  std::string started;
  int64_t results = 0;
};
std::vector<PrunedSession> to_prune(const std::string& database, const Keep& keep);

/// Removes these sessions with all that belongs to them and to nothing else, in one transaction.
void prune(const std::string& database, const std::vector<PrunedSession>& sessions);

}  // namespace bitsweep

// Which images a result got right: one bit an image.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

namespace bitsweep {

struct Answers {
  std::string data_hash;    ///< of the images and their labels in order
  std::vector<bool> right;  ///< [images]
};

/// result → its answers; results without labels, or of before they were kept, are left out. One SQL
/// statement. Throws Error where bits are missing.
std::map<int64_t, Answers> read_answers(SQLite::Database& sqlite, const std::vector<int64_t>& results);

/// The same of one run: session → its answers.
std::map<int64_t, Answers> read_answers(SQLite::Database& sqlite, const std::string& run_id,
                                        const std::vector<int64_t>& sessions);

/// Bytes, the first of eight in the highest bit; what is left of the last byte is 0.
std::string packed(const std::vector<bool>& right);

}  // namespace bitsweep

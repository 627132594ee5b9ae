// Queries that have a name, kept in the database.
#pragma once

#include <string>
#include <vector>

#include "results/query.h"

namespace bitsweep {

/// What `bitsweep query` was asked for.
struct Question {
  Query query;
  std::string sql;     ///< in place of the rest; empty: none
  std::string format;  ///< empty: the first one
};

/// Throws Error if the name is taken or is no name (letters, digits, - _ .).
void save_query(const std::string& database, const std::string& name, const Question& question);
/// Throws Error for an unknown name with the known ones.
Question saved_query(const std::string& database, const std::string& name);
void delete_query(const std::string& database, const std::string& name);

/// One row a saved query: name, what it asks for, when it was saved.
Rows list_queries(const std::string& database);

/// `saved` with what was typed behind its name: filters are added, all else takes the place of the saved.
Question completed(Question saved, const Question& typed);

}  // namespace bitsweep

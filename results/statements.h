// Statements that are prepared once and carried out many times.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

namespace bitsweep {

/// The statements of one connection. Not thread-safe, as the connection is not.
class Statements {
 public:
  explicit Statements(SQLite::Database& sqlite) : sqlite_(sqlite) {}

  /// The statement of this text, ready to be bound.
  SQLite::Statement& prepare(const std::string& text) {
    SQLite::Statement& statement = prepared_.try_emplace(text, sqlite_, text).first->second;
    statement.tryReset();  // reset() throws once more what ended the last time
    return statement;
  }

  /// Binds the values to ?1, ?2, ... and carries the statement out.
  template <class... Values>
  void execute(const std::string& text, const Values&... values) {
    SQLite::Statement& statement = prepare(text);
    SQLite::bind(statement, values...);
    statement.exec();
    statement.reset();  // or it would keep the database busy
  }

  /// The integer that a lookup finds, or `otherwise`.
  template <class... Values>
  int64_t number(int64_t otherwise, const std::string& text, const Values&... values) {
    SQLite::Statement& statement = prepare(text);
    if constexpr (sizeof...(values) > 0) SQLite::bind(statement, values...);
    const int64_t found = statement.executeStep() ? statement.getColumn(0).getInt64() : otherwise;
    statement.reset();
    return found;
  }

  /// The id of the row that a lookup finds, or else of the one that the insertion makes; both get the values.
  template <class... Values>
  int64_t find_or_insert(const std::string& lookup, const std::string& insertion, const Values&... values) {
    const int64_t found = number(-1, lookup, values...);
    if (found >= 0) return found;
    execute(insertion, values...);
    return sqlite_.getLastInsertRowid();
  }

  SQLite::Database& sqlite() { return sqlite_; }

 private:
  SQLite::Database& sqlite_;
  std::unordered_map<std::string, SQLite::Statement> prepared_;
};

}  // namespace bitsweep

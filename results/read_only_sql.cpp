#include "results/read_only_sql.h"

#include <string_view>

#include <fmt/format.h>
#include <sqlite3.h>

#include "results/database.h"
#include "results/select.h"
#include "results/sql_functions.h"

namespace bitsweep {
namespace {

/// SQLite calls this for each thing that a statement would do.
int allow_reading(void*, int action, const char*, const char* function, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return std::string_view(function) == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

constexpr const char* see_the_tables = "`select name, sql from sqlite_schema` shows the tables and columns";

Error refused(const std::string& what, const std::string& right) {
  return Error(fmt::format("--sql: {}; {}", what, right));
}

/// Where the first statement of `text` ends; throws what is wrong with it. `is_empty`: nothing but space and
/// comments.
const char* check_first(sqlite3* handle, const char* text, bool& is_empty) {
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v2(handle, text, -1, &statement, &rest);
  const bool writes = statement != nullptr && sqlite3_stmt_readonly(statement) == 0;
  is_empty = statement == nullptr;
  sqlite3_finalize(statement);
  if (code == SQLITE_AUTH || writes) throw refused("this may only read", "right is one SELECT");
  if (code == SQLITE_ERROR) throw refused(sqlite3_errmsg(handle), see_the_tables);
  if (code != SQLITE_OK) throw SQLite::Exception(handle, code);
  return rest;
}

void check_single(sqlite3* handle, const std::string& text) {
  bool is_empty = false;
  const char* rest = check_first(handle, text.c_str(), is_empty);
  if (is_empty) throw refused("there is no statement", "right is one SELECT");
  while (*rest != '\0') {
    const char* before = rest;
    rest = check_first(handle, rest, is_empty);
    if (!is_empty) throw refused("there is more than one statement", "right is one SELECT");
    if (rest == before) break;
  }
}

}  // namespace

Rows read_only_sql(const std::string& database, const std::string& statement) {
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    sqlite3* handle = sqlite.getHandle();
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    add_sql_functions(sqlite);
    sqlite3_set_authorizer(handle, allow_reading, nullptr);
    check_single(handle, statement);
    try {
      return read_rows(sqlite, {statement, {}});
    } catch (const SQLite::Exception& exception) {
      if (exception.getErrorCode() == SQLITE_ERROR) throw refused(exception.what(), see_the_tables);
      throw;
    }
  });
}

}  // namespace bitsweep

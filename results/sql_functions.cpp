#include "results/sql_functions.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <sqlite3.h>

#include "harness/error.h"
#include "harness/run.h"
#include "results/level.h"

namespace bitsweep {
namespace {

/// What an aggregate has seen of its group. SQLite gives zeroed memory, and takes no C++ exceptions.
struct Group {
  std::vector<double>* values;
  double parameter;
};

Group* group_of(sqlite3_context* context) {
  return static_cast<Group*>(sqlite3_aggregate_context(context, sizeof(Group)));
}

void collect(sqlite3_context* context, int count, sqlite3_value** arguments) {
  if (sqlite3_value_numeric_type(arguments[0]) == SQLITE_NULL) return;
  Group* group = group_of(context);
  if (group == nullptr) return sqlite3_result_error_nomem(context);
  try {
    if (group->values == nullptr) group->values = new std::vector<double>();
    group->values->push_back(sqlite3_value_double(arguments[0]));
    if (count > 1) group->parameter = sqlite3_value_double(arguments[1]);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

/// Ends a group: its value, or null for an empty group.
template <double (*value)(std::vector<double>& values, double parameter)>
void conclude(sqlite3_context* context) {
  const Group* group = group_of(context);
  if (group == nullptr || group->values == nullptr) return sqlite3_result_null(context);
  const std::unique_ptr<std::vector<double>> values(group->values);
  sqlite3_result_double(context, value(*values, group->parameter));  // SQLite makes NaN a null
}

double median(std::vector<double>& values, double) {
  return middle(values);
}

double nearest_rank(std::vector<double>& values, double percent) {
  if (!(percent > 0 && percent <= 100)) return NAN;
  // As in harness/statistics.cpp: 7 % of 100 must not become 7.000000000000001.
  const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()) * (1 - 1e-12));
  const auto place = values.begin() +
                     std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(rank), 1, std::ssize(values)) - 1;
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

double geometric_mean(std::vector<double>& values, double) {
  double sum = 0;
  for (const double value : values) {
    if (!(value > 0)) return NAN;
    sum += std::log(value);
  }
  return std::exp(sum / static_cast<double>(values.size()));
}

void id_of_fields(sqlite3_context* context, int, sqlite3_value** arguments) {
  try {
    Run run;
    for (size_t i = 0; i < field_names().size(); ++i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(arguments[i]));
      set_field(run, field_names()[i], text == nullptr ? "" : text);
    }
    sqlite3_result_text(context, run_id(run).c_str(), -1, SQLITE_TRANSIENT);
  } catch (const Error&) {
    sqlite3_result_null(context);  // a value that only another version of bitsweep knows
  } catch (const std::exception& exception) {
    sqlite3_result_error(context, exception.what(), -1);
  }
}

}  // namespace

void add_sql_functions(SQLite::Database& sqlite) {
  sqlite.createFunction("median", 1, true, nullptr, nullptr, collect, conclude<median>);
  sqlite.createFunction("nearest_rank", 2, true, nullptr, nullptr, collect, conclude<nearest_rank>);
  sqlite.createFunction("geomean", 1, true, nullptr, nullptr, collect, conclude<geometric_mean>);
  sqlite.createFunction("run_id", static_cast<int>(field_names().size()), true, nullptr, id_of_fields);
}

}  // namespace bitsweep

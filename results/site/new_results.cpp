#include "results/site/new_results.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bitsweep {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// The values of the wanted metrics, read along with the results.
class Values {
 public:
  Values(SQLite::Database& sqlite, int64_t after, std::vector<CurveUnit>& units) {
    read_names(sqlite, units);
    std::vector<int64_t> ids;
    for (const auto& [id, column] : columns_) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    rows_ = std::make_unique<SQLite::Statement>(
        sqlite,
        fmt::format("select result, metric, value from metric_values where result > ? and metric in ({}) "
                    "order by result, metric",
                    fmt::join(ids, ", ")));
    rows_->bind(1, after);
    step();
  }

  /// Of results in ascending order of ids.
  const std::vector<double>& of_result(int64_t result) {
    values_.assign(curve_columns().size(), none);
    while (more_ && result_ < result) step();
    for (; more_ && result_ == result; step())
      if (!rows_->isColumnNull(2))
        values_[columns_.at(rows_->getColumn(1).getInt64())] = rows_->getColumn(2).getDouble();
    return values_;
  }

 private:
  void read_names(SQLite::Database& sqlite, std::vector<CurveUnit>& units) {
    units.resize(curve_columns().size());
    SQLite::Statement names(sqlite, "select id, name, unit, direction from metric_names order by id desc");
    while (names.executeStep()) {
      const auto& wanted = curve_columns();
      const auto found = std::find(wanted.begin(), wanted.end(), names.getColumn(1).getString());
      if (found == wanted.end()) continue;
      const auto column = static_cast<size_t>(found - wanted.begin());
      columns_[names.getColumn(0).getInt64()] = column;
      units[column].unit = names.getColumn(2).getString();
      parse_value(names.getColumn(3).getString(), units[column].direction);
    }
  }

  void step() {
    more_ = rows_->executeStep();
    if (more_) result_ = rows_->getColumn(0).getInt64();
  }

  std::unordered_map<int64_t, size_t> columns_;  ///< by the id of the metric's name
  std::unique_ptr<SQLite::Statement> rows_;
  std::vector<double> values_;
  bool more_ = false;
  int64_t result_ = 0;
};

}  // namespace

void read_new_results(SQLite::Database& sqlite, int64_t after, std::vector<CurveUnit>& units,
                      const std::function<void(const std::string& run_id, const CurvePoint& point,
                                               const std::vector<double>& values)>& take) {
  Values values(sqlite, after, units);
  const std::vector<double> nothing(curve_columns().size(), none);
  SQLite::Statement found(
      sqlite, "select id, run, session, machine, software, outcome from results where id > ? order by id");
  found.bind(1, after);
  while (found.executeStep()) {
    CurvePoint point;
    point.result = found.getColumn(0).getInt64();
    point.session = found.getColumn(2).getInt64();
    point.machine = found.getColumn(3).getInt64();
    point.software = found.getColumn(4).getInt64();
    parse_value(found.getColumn(5).getString(), point.outcome);
    const std::vector<double>& own = values.of_result(point.result);
    take(found.getColumn(1).getString(), point, point.outcome == Outcome::ok ? own : nothing);
  }
}

}  // namespace bitsweep

#include "results/rounds.h"

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "results/significance.h"

namespace bitsweep {
namespace {

/// Groups of samples where a result does not tell its rounds.
constexpr int64_t usual_rounds = 10;

}  // namespace

std::map<int64_t, std::vector<double>> read_round_medians(SQLite::Database& sqlite,
                                                          const std::vector<int64_t>& results) {
  SQLite::Statement found(sqlite,
                          "select result, samples_ns, (select value from evidence where evidence.result = "
                          "sample_lists.result and name = 'rounds') from sample_lists where result in "
                          "(select value from json_each(?1))");
  found.bind(1, nlohmann::json(results).dump());
  std::map<int64_t, std::vector<double>> medians;
  while (found.executeStep()) {
    const auto samples = nlohmann::json::parse(found.getColumn(1).getString()).get<std::vector<int64_t>>();
    const int64_t rounds =
        found.getColumn(2).isNull() ? usual_rounds : std::atoll(found.getColumn(2).getText());
    if (!samples.empty()) medians[found.getColumn(0).getInt64()] = group_medians(samples, rounds);
  }
  return medians;
}

}  // namespace bitsweep

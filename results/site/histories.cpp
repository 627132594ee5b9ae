#include "results/site/histories.h"

#include <algorithm>
#include <cmath>

namespace bitsweep {

SessionFacts read_session_facts(SQLite::Database& sqlite) {
  SessionFacts facts;
  SQLite::Statement found(
      sqlite, "select id, experiment, started, confirms <> '' from sessions order by started, id");
  while (found.executeStep())
    facts[found.getColumn(0).getInt64()] = {found.getColumn(1).getString(), found.getColumn(2).getString(),
                                            facts.size(), found.getColumn(3).getInt() != 0};
  return facts;
}

Accepted read_accepted(SQLite::Database& sqlite, const SessionFacts& sessions, const std::string& today) {
  Accepted accepted;
  SQLite::Statement found(sqlite,
                          "select run, metric, session from accepted where until is null or until >= ?");
  found.bind(1, today);
  while (found.executeStep()) {
    const SessionFact& since = sessions.at(found.getColumn(2).getInt64());
    if (since.started > today) continue;
    size_t& place = accepted[{found.getColumn(0).getString(), found.getColumn(1).getString()}];
    place = std::max(place, since.place);
  }
  return accepted;
}

void take_histories(const Curve& curve, const SeriesSummary& summary, const SessionFacts& sessions,
                    int64_t session, const Accepted& accepted, const KeptHistories::Take& take) {
  const SessionFact& last = sessions.at(session);
  std::vector<bool> is_part;  // points of the experiment, up to the session
  for (const CurvePoint& point : curve.points) {
    const SessionFact& fact = sessions.at(point.session);
    is_part.push_back(fact.place <= last.place && fact.experiment == last.experiment);
  }
  const bool is_whole = std::find(is_part.begin(), is_part.end(), false) == is_part.end();
  for (const CurveMetric& metric : curve_metrics()) {
    const size_t column = curve_column(metric.name);
    History history{last.experiment,
                    summary.run,
                    summary.run_id,
                    summary.machine_class,
                    metric.name,
                    curve.units[column].unit,
                    curve.units[column].direction,
                    {},
                    0};
    const auto since = accepted.find({summary.run_id, metric.name});
    std::vector<size_t> level_starts;
    auto change = curve.changes[column].begin();
    for (size_t i = 0; i < curve.points.size(); ++i) {
      const HistoryPoint point = history_point(curve, i, column);
      if (!is_part[i] || !std::isfinite(point.value)) continue;
      if (change != curve.changes[column].end() && change->point == i) {
        level_starts.push_back(history.sessions.size());
        ++change;
      }
      history.sessions.push_back({curve.points[i].session, 0, "", point, {point.value, point.value}});
      if (since != accepted.end() && sessions.at(curve.points[i].session).place < since->second)
        history.accepted = history.sessions.size();
    }
    if (history.sessions.empty() || history.sessions.back().session != session) continue;
    // The levels of a history hold for all of it only.
    take(history, is_whole ? std::optional(level_starts) : std::nullopt);
  }
}

}  // namespace bitsweep

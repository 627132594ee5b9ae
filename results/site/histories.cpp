#include "results/site/histories.h"

#include <cmath>

namespace bitsweep {

SessionFacts read_session_facts(SQLite::Database& sqlite) {
  SessionFacts facts;
  SQLite::Statement found(sqlite, "select id, experiment, started from sessions order by started, id");
  while (found.executeStep())
    facts[found.getColumn(0).getInt64()] = {found.getColumn(1).getString(), found.getColumn(2).getString(), facts.size()};
  return facts;
}

Accepted read_accepted(SQLite::Database& sqlite, const SessionFacts& sessions, const std::string& today) {
  Accepted accepted;
  SQLite::Statement found(sqlite, "select run, metric, session from accepted where until is null or until >= ?");
  found.bind(1, today);
  while (found.executeStep()) {
    const SessionFact& since = sessions.at(found.getColumn(2).getInt64());
    if (since.started > today) continue;
    size_t& place = accepted[{found.getColumn(0).getString(), found.getColumn(1).getString()}];
    place = std::max(place, since.place);
  }
  return accepted;
}

std::vector<History> histories_of(const Trend& trend, const SeriesSummary& summary, const SessionFacts& sessions,
                                  int64_t session, const Accepted& accepted) {
  const SessionFact& last = sessions.at(session);
  std::vector<History> histories;
  for (size_t column = 0; column < trend_columns().size(); column += trend_columns().size() / trend_metrics().size()) {
    History history;
    history.experiment = last.experiment;
    history.run = summary.run;
    history.run_id = summary.run_id;
    history.machine_class = summary.machine_class;
    history.metric = trend_columns()[column];
    history.unit = trend.units[column].unit;
    history.direction = trend.units[column].direction;
    const auto since = accepted.find({summary.run_id, history.metric});
    for (size_t i = 0; i < trend.points.size(); ++i) {
      const SessionFact& fact = sessions.at(trend.points[i].session);
      const HistoryPoint point = history_point(trend, i, column);
      if (fact.place > last.place || fact.experiment != last.experiment || !std::isfinite(point.value)) continue;
      history.sessions.push_back({trend.points[i].session, 0, fact.started, point, {point.value, point.value}});
      if (since != accepted.end() && fact.place < since->second) history.accepted = history.sessions.size();
    }
    if (!history.sessions.empty() && history.sessions.back().session == session) histories.push_back(std::move(history));
  }
  return histories;
}

}  // namespace bitsweep

#include "results/store.h"

#include <type_traits>

#include <SQLiteCpp/VariadicBind.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <unistd.h>
#include <xxhash.h>

#include "results/database.h"

namespace bitsweep {
namespace {

using Sqlite = SQLite::Database;

/// Binds the values to ?1, ?2, ... and carries the statement out.
template <class... Values>
void execute(Sqlite& sqlite, const std::string& statement, const Values&... values) {
  SQLite::Statement prepared(sqlite, statement);
  SQLite::bind(prepared, values...);
  prepared.exec();
}

/// The id of the row that a lookup finds, or else of the one that the insertion makes; both get the values.
template <class... Values>
int64_t find_or_insert(Sqlite& sqlite, const std::string& lookup, const std::string& insertion,
                       const Values&... values) {
  SQLite::Statement found(sqlite, lookup);
  SQLite::bind(found, values...);
  if (found.executeStep()) return found.getColumn(0).getInt64();
  execute(sqlite, insertion, values...);
  return sqlite.getLastInsertRowid();
}

std::string user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? std::to_string(geteuid()) : entry->pw_name;
}

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

void add_execution(Sqlite& sqlite, int64_t session, const Experiment& experiment, int64_t planned_runs) {
  const std::string hash =
      fmt::format("{:016x}", XXH3_64bits(experiment.text.data(), experiment.text.size()));
  execute(sqlite,
          "insert into executions (session, user, host, bitsweep, spec_path, spec_text, spec_hash, planned) "
          "values (?, ?, ?, ?, ?, ?, ?, ?)",
          session, user_name(), host_name(), this_software().bitsweep, experiment.path, experiment.text, hash,
          planned_runs);
}

void bind_field(SQLite::Statement& statement, int index, int64_t value) {
  statement.bind(index, value);
}
template <class Value>
void bind_field(SQLite::Statement& statement, int index, const Value& value) {
  statement.bind(index, to_text(value));
}

void add_run(Sqlite& sqlite, const Run& run) {
  std::string places;
  for (size_t i = 0; i < field_names().size(); ++i) places += ", ?";
  SQLite::Statement insertion(sqlite,
                              fmt::format("insert or ignore into runs (id, canonical, {}) values (?, ?{})",
                                          fmt::join(field_names(), ", "), places));
  insertion.bind(1, run_id(run));
  insertion.bind(2, canonical_text(run));
  int index = 3;
  for_each_field(run,
                 [&](const char*, const auto& value, const char*) { bind_field(insertion, index++, value); });
  insertion.exec();
}

int64_t machine_row(Sqlite& sqlite, const Machine& machine) {
  const std::string description = nlohmann::json(machine).dump();
  SQLite::Statement found(sqlite, "select id from machines where description = ?");
  found.bind(1, description);
  if (found.executeStep()) return found.getColumn(0).getInt64();
  execute(
      sqlite,
      "insert into machines (class, host, cpu, isa, physical_cores, logical_cores, core_set, memory_bytes, "
      "gpus, kernel, governor, description) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      machine_class(machine), machine.host, machine.cpu, fmt::format("{}", fmt::join(machine.isa, " ")),
      machine.physical_cores, machine.logical_cores, machine.core_set, machine.memory_bytes,
      fmt::format("{}", fmt::join(machine.gpus, ", ")), machine.kernel, machine.governor, description);
  return sqlite.getLastInsertRowid();
}

int64_t software_row(Sqlite& sqlite, const Software& software) {
  nlohmann::json libraries = nlohmann::json::array();
  for (const Library& library : software.libraries)
    libraries.push_back({{"name", library.name}, {"version", library.version}});
  return find_or_insert(sqlite, "select id from software where bitsweep = ? and build = ? and libraries = ?",
                        "insert into software (bitsweep, build, libraries) values (?, ?, ?)",
                        software.bitsweep, software.build, libraries.dump());
}

int64_t add_result_row(Sqlite& sqlite, int64_t session, const Result& result) {
  execute(sqlite, "delete from results where session = ? and run = ?", session, run_id(result.run));
  execute(sqlite,
          "insert into results (session, run, outcome, reason, machine, software, started, seconds) "
          "values (?, ?, ?, ?, ?, ?, ?, ?)",
          session, run_id(result.run), to_text(result.outcome), result.reason,
          machine_row(sqlite, result.machine), software_row(sqlite, result.software), result.started,
          result.seconds);
  return sqlite.getLastInsertRowid();
}

void add_metrics(Sqlite& sqlite, int64_t row, const Result& result) {
  const std::string run = run_id(result.run);
  const std::string machine = machine_class(result.machine);
  for (const Metric& metric : result.metrics) {
    const int64_t series = find_or_insert(
        sqlite, "select id from series where run = ? and machine_class = ? and metric = ?",
        "insert into series (run, machine_class, metric) values (?, ?, ?)", run, machine, metric.name);
    execute(sqlite,
            "insert into metrics (result, name, value, unit, direction, series) values (?, ?, ?, ?, ?, ?)",
            row, metric.name, metric.value, metric.unit, to_text(metric.direction), series);
  }
}

void add_samples(Sqlite& sqlite, int64_t row, const std::vector<int64_t>& samples_ns) {
  if (samples_ns.empty()) return;
  execute(sqlite, "insert into sample_lists (result, samples_ns) values (?, ?)", row,
          nlohmann::json(samples_ns).dump());
}

void add_layers(Sqlite& sqlite, int64_t row, const std::vector<LayerRecord>& layers) {
  int64_t position = 0;
  for (const LayerRecord& layer : layers)
    execute(sqlite,
            "insert into layers (result, position, name, kind, implementation, data_types, isa, layouts, "
            "time_ns, "
            "macs, bytes, bound_ns, memory_bound) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row, position++, layer.name, layer.kind, layer.implementation, layer.data_types, layer.isa,
            layer.layouts, layer.time_ns, layer.macs, layer.bytes, layer.bound_ns,
            static_cast<int64_t>(layer.memory_bound));
}

void add_words(Sqlite& sqlite, int64_t row, const Result& result) {
  int64_t position = 0;
  for (const std::string& note : result.notes)
    execute(sqlite, "insert into notes (result, position, note) values (?, ?, ?)", row, position++, note);
  position = 0;
  for (const std::string& sentence : result.explanation)
    execute(sqlite, "insert into explanations (result, position, sentence) values (?, ?, ?)", row, position++,
            sentence);
  for (const auto& [name, value] : result.evidence)
    execute(sqlite, "insert into evidence (result, name, value) values (?, ?, ?)", row, name, value);
}

}  // namespace

Store::Store(const std::string& path, Access access) : database_(std::make_unique<Database>(path, access)) {}
Store::~Store() = default;

SessionRow Store::latest_session(const std::string& experiment) const {
  return database_->use([&](Sqlite& sqlite) -> SessionRow {
    SQLite::Statement found(sqlite,
                            "select sessions.id, sessions.started, executions.spec_text, executions.planned "
                            "from sessions join executions on executions.session = sessions.id "
                            "where experiment = ? order by sessions.id desc, executions.id desc limit 1");
    found.bind(1, experiment);
    if (!found.executeStep()) return {};
    return {found.getColumn(0).getInt64(), experiment, found.getColumn(2).getString(),
            found.getColumn(1).getString(), found.getColumn(3).getInt64()};
  });
}

int64_t Store::begin_session(const Experiment& experiment, int64_t planned_runs) {
  return database_->use([&](Sqlite& sqlite) {
    SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    execute(sqlite, "insert into sessions (experiment) values (?)", experiment.name);
    const int64_t session = sqlite.getLastInsertRowid();
    add_execution(sqlite, session, experiment, planned_runs);
    transaction.commit();
    return session;
  });
}

void Store::continue_session(int64_t session, const Experiment& experiment, int64_t planned_runs) {
  database_->use([&](Sqlite& sqlite) { add_execution(sqlite, session, experiment, planned_runs); });
}

std::set<std::string> Store::finished(int64_t session) const {
  return database_->use([&](Sqlite& sqlite) {
    SQLite::Statement found(sqlite, "select run from results where session = ? and outcome = 'ok'");
    found.bind(1, session);
    std::set<std::string> runs;
    while (found.executeStep()) runs.insert(found.getColumn(0).getString());
    return runs;
  });
}

void Store::add(int64_t session, const Result& result) {
  database_->use([&](Sqlite& sqlite) {
    SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    add_run(sqlite, result.run);
    const int64_t row = add_result_row(sqlite, session, result);
    add_metrics(sqlite, row, result);
    add_samples(sqlite, row, result.samples_ns);
    add_layers(sqlite, row, result.layers);
    add_words(sqlite, row, result);
    transaction.commit();
  });
}

}  // namespace bitsweep

// How fast the store is, beside plain SQLite and the disk: see scripts/benchmark-store.
//   store_speed FOLDER RESULTS BITSWEEP
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "results/database.h"
#include "results/query.h"
#include "results/store.h"
#include "tests/results/examples.h"
#include "tests/results/made_up_sweep.h"

using namespace bitsweep;

namespace {

namespace fs = std::filesystem;

constexpr int64_t session_size = 10'000;
constexpr size_t most_samples = 64;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void tell(const std::string& what, const std::string& figure) {
  fmt::print("{:<84} {:>12}\n", what, figure);
  std::fflush(stdout);
}

std::string rate(int64_t count, double seconds) {
  return fmt::format("{:.0f}/s", static_cast<double>(count) / seconds);
}

/// Run `number` of a session: 4 models, 4 precisions, dense and 4 times pruned, 5 batches, 5 threads, 5
/// seeds.
Run numbered_run(int64_t number) {
  const auto next = [&](int64_t count) {
    const int64_t digit = number % count;
    number /= count;
    return digit;
  };
  static const char* const models[] = {"mlp", "resnet18", "resnet50", "vgg16"};
  Run run;
  run.pruning.ratio = 0.2 * static_cast<double>(next(5));
  if (run.pruning.ratio > 0) run.pruning.method = "magnitude";
  run.precision = precisions()[static_cast<size_t>(next(4))].value;
  run.batch = int64_t{1} << next(5);
  run.model = models[next(4)];
  run.threads.count = static_cast<int>(1 + next(5));
  run.seed = 1 + next(5);
  return run;
}

std::vector<Result> made_up_results(int64_t first, int64_t count, std::mt19937& random) {
  std::vector<Result> results;
  for (int64_t i = first; i < first + count; ++i) {
    results.push_back(examples::carried_out(numbered_run(i % session_size), most_samples, random));
    results.back().evidence["measured_together"] = fmt::format("node17 {} block {}", i / session_size, i / 5);
  }
  return results;
}

/// Adds results to the file, a transaction each or one for 1,000, and returns the seconds in the store.
double add(const std::string& path, int64_t count, bool batched, std::mt19937& random) {
  Store store(path, Access::read_write);
  double seconds = 0;
  int64_t session = 0;
  for (int64_t done = 0; done < count;) {
    if (done % session_size == 0)
      session = store.begin_session(examples::experiment("nightly"), session_size);
    const std::vector<Result> results = made_up_results(done, std::min<int64_t>(1000, count - done), random);
    seconds += seconds_of([&] {
      if (batched)
        store.add(session, results);
      else
        for (const Result& result : results) store.add(session, result);
    });
    done += static_cast<int64_t>(results.size());
    if (batched && done % 100'000 == 0) fmt::print(stderr, "{} results, {}\n", done, rate(done, seconds));
  }
  return seconds;
}

/// Times a second that the disk makes so many bytes durable, one piece after the other in a file that exists.
double durable_writes(const std::string& path, size_t bytes) {
  constexpr int writes = 1000, places = 64;
  const int file = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  const std::string content(bytes, 'x');
  const auto write_at = [&](int place) {
    if (pwrite(file, content.data(), bytes, static_cast<off_t>(bytes) * place) < 0 || fdatasync(file) != 0)
      throw std::runtime_error(path + ": cannot be written");
  };
  for (int i = 0; i < places; ++i) write_at(i);
  const double seconds = seconds_of([&] {
    for (int i = 0; i < writes; ++i) write_at(i % places);
  });
  close(file);
  return writes / seconds;
}

/// The peer: the rows of the results of `from`, inserted by plain SQLite into a file with the same tables and
/// indices, a durable transaction a result. Nothing is looked up, normalised or turned into text.
double plain_sqlite(const std::string& from, const std::string& to, int64_t& results) {
  SQLite::Database source(from, SQLite::OPEN_READONLY);
  SQLite::Database target(to, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  target.exec("pragma journal_mode = wal; pragma synchronous = full");
  struct Table {
    std::unique_ptr<SQLite::Statement> rows, insertion;
    bool more = false;
  };
  std::vector<Table> tables;
  SQLite::Statement schema(
      source,
      "select name, sql, type from sqlite_schema where type in ('table', 'index') and sql is not null "
      "order by type desc");
  while (schema.executeStep()) {
    target.exec(schema.getColumn(1).getString());
    if (schema.getColumn(2).getString() != "table") continue;
    const std::string name = schema.getColumn(0).getString();
    SQLite::Statement columns(
        source, "select group_concat(name), sum(name = 'result') from pragma_table_info('" + name + "')");
    columns.executeStep();
    if (columns.getColumn(1).getInt() == 0 && name != "results") {
      continue;
    }
    const std::string key = name == "results" ? "id" : "result";
    Table& table = tables.emplace_back();
    table.rows = std::make_unique<SQLite::Statement>(
        source,
        fmt::format("select {0}, {1} from {2} order by {0}", key, columns.getColumn(0).getString(), name));
    std::string places = "?";
    for (int i = 2; i < table.rows->getColumnCount(); ++i) places += ", ?";
    table.insertion =
        std::make_unique<SQLite::Statement>(target, fmt::format("insert into {} values ({})", name, places));
    table.more = table.rows->executeStep();
  }
  const auto copy_row = [](Table& table) {
    table.insertion->reset();
    for (int i = 1; i < table.rows->getColumnCount(); ++i) {
      const SQLite::Column cell = table.rows->getColumn(i);
      if (cell.isInteger())
        table.insertion->bind(i, cell.getInt64());
      else if (cell.isFloat())
        table.insertion->bind(i, cell.getDouble());
      else if (cell.isNull())
        table.insertion->bind(i);
      else
        table.insertion->bind(i, cell.getString());
    }
    table.insertion->exec();
    table.more = table.rows->executeStep();
  };
  SQLite::Statement ids(source, "select id from results order by id");
  results = 0;
  return seconds_of([&] {
    for (; ids.executeStep(); ++results) {
      const int64_t id = ids.getColumn(0).getInt64();
      SQLite::Transaction transaction(target);
      for (Table& table : tables)
        while (table.more && table.rows->getColumn(0).getInt64() == id) copy_row(table);
      transaction.commit();
    }
  });
}

double median_ms(const std::function<void()>& work) {
  std::array<double, 5> times;
  for (double& time : times) time = 1e3 * seconds_of(work);
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void tell_queries(const std::string& path, const std::string& bitsweep, int64_t results) {
  struct Case {
    const char* what;
    Query query;
  };
  std::vector<Case> cases(5);
  const std::string middle = std::to_string(1 + results / session_size / 2);
  cases[0] = {"one session, the default columns", {}};
  cases[0].query.session = middle;
  cases[1] = {"one session, 8 columns", {}};
  cases[1].query.session = middle;
  cases[1].query.columns = {"model",   "precision",      "batch",        "latency_p50",
                            "speedup", "top1_agreement", "weight_bytes", "outcome"};
  cases[2] = {"all sessions, model, precision, batch and pruning", {}};
  cases[2].query.session = "all";
  cases[2].query.filters = {"model=resnet50", "precision=int8", "batch=4", "pruning!=none"};
  cases[3] = {"all sessions, a metric below a limit", {}};
  cases[3].query.session = "all";
  cases[3].query.filters = {"model=vgg16", "precision=int8", "batch=1", "latency_p50<1s"};
  cases[4] = {"all sessions, outcome=failed, at most 10,000 rows", {}};
  cases[4].query.session = "all";
  cases[4].query.filters = {"outcome=failed"};
  cases[4].query.limit = 10'000;
  cases[4].query.limit = 10000;
  for (const Case& one : cases) {
    size_t rows = 0;
    const double library = median_ms([&] { rows = read_results(path, one.query).cells.size(); });
    std::string command =
        fmt::format("'{}' query --db '{}' --format csv --session {}", bitsweep, path, one.query.session);
    for (const std::string& filter : one.query.filters) command += " '" + filter + "'";
    if (!one.query.columns.empty())
      command += fmt::format(" --columns {}", fmt::join(one.query.columns, ","));
    if (one.query.limit > 0) command += fmt::format(" --limit {}", one.query.limit);
    command += " > /dev/null";
    const double program = median_ms([&] {
      if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
    });
    tell(fmt::format("query: {}: {} rows; library, program as CSV", one.what, rows),
         fmt::format("{:.0f}, {:.0f} ms", library, program));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "store_speed FOLDER RESULTS BITSWEEP\n");
    return 2;
  }
  const fs::path folder = argv[1];
  const int64_t results = std::atoll(argv[2]);
  const std::string path = (folder / "store.sqlite").string(), small = (folder / "small.sqlite").string();
  constexpr int64_t few = 4000;
  std::mt19937 random(1);

  tell("disk: 64 KiB made durable",
       fmt::format("{:.0f}/s", durable_writes((folder / "disk").string(), 65536)));
  tell("Store::add, new file, one durable transaction a result", rate(few, add(small, few, false, random)));
  int64_t copied = 0;
  const double plain = plain_sqlite(small, (folder / "plain.sqlite").string(), copied);
  tell("peer: plain SQLite, the same rows, one durable transaction a result", rate(copied, plain));

  tell(fmt::format("Store::add of 1,000 results a transaction, {} results", results),
       rate(results, add(path, results, true, random)));
  tell(fmt::format("Store::add, one durable transaction a result, beyond {} results", results),
       rate(few, add(path, few, false, random)));
  tell("file, bytes a result", fmt::format("{}", fs::file_size(path) / static_cast<uint64_t>(results + few)));
  tell("open for reading", fmt::format("{:.1f} ms", median_ms([&] { Database(path, Access::read_only); })));
  tell("open for writing, latest session and its finished runs",
       fmt::format("{:.1f} ms", median_ms([&] {
                     Store store(path, Access::read_write);
                     store.finished(store.latest_session("nightly").id);
                   })));
  tell_queries(path, argv[3], results);
  return 0;
}

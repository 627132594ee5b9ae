// Files that released versions wrote are kept in tests/approved/databases: each has the nine results of
// examples::fill.
#include "results/maintenance.h"
#include "results/query.h"
#include "results/schema.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"
#include "tests/results/kept_file.h"

using namespace bitsweep;

namespace {

std::vector<std::string> rows_of(const std::string& path, const Query& query) {
  std::vector<std::string> lines;
  for (const auto& row : read_results(path, query).cells) {
    std::string& line = lines.emplace_back();
    for (const Cell& cell : row)
      if (const auto* text = std::get_if<std::string>(&cell))
        line += *text + " ";
      else if (const auto* number = std::get_if<double>(&cell))
        line += std::to_string(*number) + " ";
      else if (const auto* integer = std::get_if<int64_t>(&cell))
        line += std::to_string(*integer) + " ";
      else
        line += "- ";
  }
  return lines;
}

}  // namespace

TEST_CASE("kept files: a file of each released version is brought forward with every result") {
  const examples::TemporaryFolder folder;
  const std::string fresh = folder.file("fresh.sqlite");
  examples::fill(fresh);
  Query query;
  query.session = "all";
  query.columns = {"experiment", "session", "model",   "precision", "batch",
                   "pruning",    "threads", "outcome", "reason",    "latency_p50",
                   "speedup",    "top1",    "sqnr",    "cpu",       "id"};
  const std::vector<std::string> expected = rows_of(fresh, query);
  REQUIRE(expected.size() == 9);
  for (int version = 1; version <= examples::latest_kept_version(); ++version)
    for (const Access access : {Access::read_only, Access::read_write}) {
      INFO("version " << version);
      const std::string path = examples::kept_file(folder, version);
      CHECK(examples::number(path, "pragma user_version") == version);
      { const Store opened(path, access); }
      CHECK(examples::number(path, "pragma user_version") == latest_schema_version());
      CHECK(rows_of(path, query) == expected);
      CHECK(integrity(path).empty());
    }
}

TEST_CASE("kept files: samples, layers, metrics, notes and evidence are those that were written") {
  const examples::TemporaryFolder folder;
  const std::string fresh = folder.file("fresh.sqlite");
  examples::fill(fresh);
  for (int version = 1; version <= examples::latest_kept_version(); ++version) {
    const std::string path = examples::kept_file(folder, version);
    { const Store opened(path, Access::read_only); }
    for (const char* statement :
         {"select group_concat(result || ' ' || position || ' ' || ns, ';') from samples",
          "select group_concat(result || ' ' || name || ' ' || value || unit || direction, ';') from "
          "(select * from metrics order by result, name)",
          "select group_concat(result || name || kind || implementation || data_types || time_ns || ' ' || "
          "macs || "
          "' ' || bytes, ';') from (select * from layers order by result, position)",
          "select group_concat(result || position || note, ';') from notes",
          "select group_concat(result || name || value, ';') from evidence",
          "select group_concat(run || machine_class || metric, ';') from "
          "(select * from series order by run, machine_class, metric)"}) {
      INFO("version " << version << ": " << statement);
      CHECK(examples::text(path, statement) == examples::text(fresh, statement));
      CHECK(examples::text(path, statement).size() > 100);
    }
  }
}

TEST_CASE("kept files: what schema 2 added is kept") {
  const examples::TemporaryFolder folder;
  const std::string path = examples::kept_file(folder, 2);
  { const Store opened(path, Access::read_only); }
  CHECK(examples::number(path, "select count(*) from explanations where position = 1") == 8);
  CHECK(examples::number(path,
                         "select count(*) from layers where isa = 'avx512_core_amx' and "
                         "layouts = 'acdb:ABcd16b16a4b:acdb' and bound_ns = time_ns / 4 "
                         "and memory_bound = (position = 1)") == 16);
}

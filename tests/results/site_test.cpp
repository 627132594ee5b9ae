#include "results/site/site.h"

#include <fstream>
#include <map>

#include <SQLiteCpp/SQLiteCpp.h>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/table.h"
#include "results/acceptance.h"
#include "results/night_formats.h"
#include "results/site/folder.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/places.h"
#include "tests/results/examples.h"
#include "tests/results/made_up_nights.h"

using namespace bitsweep;

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::map<std::string, Thresholds> usual = {{"nightly", usual_thresholds()}};

std::map<std::string, Thresholds> usual_for(const std::string& experiment) {
  return {{experiment, usual_thresholds()}};
}

/// Name → content.
std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = content_of(entry.path());
  return files;
}

/// The names of files that begin so.
std::vector<std::string> names(const fs::path& folder, const std::string& beginning) {
  std::vector<std::string> found;
  for (const auto& [name, content] : files_of(folder))
    if (name.rfind(beginning, 0) == 0) found.push_back(name);
  return found;
}

/// The data of a page, as a browser finds it.
json data_of(const fs::path& page) {
  const std::string text = content_of(page), opening = R"(<script type="application/json" id="data">)";
  const size_t begin = text.find(opening);
  REQUIRE(begin != text.npos);
  const size_t from = begin + opening.size();
  return json::parse(text.substr(from, text.find("</script>", from) - from));
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

examples::Story small() {
  examples::Story story;
  story.models = 2;
  story.runs = 8;
  story.most_samples = 8;
  return story;
}

/// A database of so many nights, and a folder for its site.
struct Nights {
  examples::TemporaryFolder folder;
  std::string path = folder.file("a.sqlite");
  fs::path site = folder.path() / "site";
  examples::MadeUpNights nights;

  explicit Nights(int count, const examples::Story& story = small()) : nights(path, story) {
    for (int i = 0; i < count; ++i) nights.add_night();
  }
  SiteChange write() { return write_site(path, site, usual); }
};

}  // namespace

TEST_CASE("site: it has an overview, a page a model and a file a series, with all that its pages load") {
  Nights made(3);
  const SiteChange change = made.write();
  CHECK(change.from_the_start);
  CHECK(change.new_results == 48);
  CHECK(change.new_in_series == 16);
  CHECK(names(made.site, "model-").size() == 2);
  CHECK(names(made.site, "data/").size() == 17);
  const auto files = files_of(made.site);
  for (const char* page : {"index.html", "regressions.html", "machines.html"}) {
    const std::string& text = files.at(page);
    for (size_t at = text.find("src=\""); at != text.npos; at = text.find("src=\"", at + 1)) {
      const std::string source = text.substr(at + 5, text.find('"', at + 5) - at - 5);
      INFO(page << " " << source);
      CHECK(files.count(source) == 1);
    }
  }
  const json data = data_of(made.site / names(made.site, "model-resnet50")[0]);
  CHECK(data["model"] == "resnet50");
  CHECK(data["table"]["key"].size() == 8);
  CHECK(data["table"]["results"][0] == 3);
  const std::string& series = files.at("data/" + data["table"]["key"][0].get<std::string>() + ".js");
  CHECK(count(series, "\n") == 2);
  CHECK_THAT(series, ContainsSubstring("\"sessions\":[1,2,3]") && ContainsSubstring("bitsweep.newest(") &&
                         ContainsSubstring("layer1.0.conv") && ContainsSubstring("weights_hash"));
}

TEST_CASE("site: a second call writes nothing, and another night only what it changes") {
  examples::Story story = small();
  Nights made(3, story);
  made.write();
  CHECK(made.write().written == 0);

  // One more session, of one run of another experiment.
  Store store(made.path, Store::Access::read_write);
  store.add(store.begin_session(examples::experiment("other"), 1),
            examples::ok(examples::run("vgg16", Precision::bf16), 7e7));
  const auto before = files_of(made.site);
  const SiteChange change = made.write();
  CHECK(!change.from_the_start);
  CHECK(change.new_results == 1);
  size_t changed = 0, changed_data = 0;
  for (const auto& [name, content] : files_of(made.site))
    if (before.count(name) == 0 || before.at(name) != content) {
      ++changed;
      changed_data += name.rfind("data/", 0) == 0;
    }
  CHECK(change.written == changed);
  CHECK(changed_data == 2);  // of the new series, and the list of sessions
}

TEST_CASE("site: what grows night by night is what is made at once") {
  Nights made(1);
  for (int night = 2; night < 12; ++night) {
    made.write();
    made.nights.add_night();
  }
  CHECK(made.write().new_results == 16);
  const fs::path other = made.folder.path() / "other";
  write_site(made.path, other, usual);
  const auto grown = files_of(made.site), whole = files_of(other);
  REQUIRE(grown.size() == whole.size());
  for (const auto& [name, content] : whole) {
    INFO(name);
    CHECK((grown.at(name) == content));
  }
}

TEST_CASE("site: its verdicts are those of regressions") {
  examples::Story story = small();
  story.runs = 40;
  story.upgrade_night = 14;
  Nights made(15, story);
  made.write();
  const Night night = judge_night(made.path, "nightly", 0, usual_thresholds());
  const json told = json::parse(pick(night_formats(), "format", "json").render(night));
  const json shown = data_of(made.site / "regressions.html")["nights"][0];
  REQUIRE(told["findings"].size() > 3);
  REQUIRE(shown["findings"].size() == told["findings"].size());
  for (size_t i = 0; i < told["findings"].size(); ++i) {
    for (const auto& [name, value] : told["findings"][i].items()) CHECK(shown["findings"][i][name] == value);
  }
  for (const char* name : {"series_judged", "series_steady", "series_unknown", "outcomes"})
    CHECK((name == std::string("outcomes") ? shown[name].size() == told[name].size()
                                           : shown[name] == told[name]));
}

TEST_CASE("site: what is accepted later is taken into account without a new result") {
  examples::Story story = small();
  story.upgrade_night = 12;
  Nights made(13, story);
  made.write();
  const json before = data_of(made.site / "regressions.html")["nights"][0]["findings"];
  REQUIRE(before.size() > 0);
  for (const json& finding : before) {
    const Acceptance acceptance{finding["run_id"], finding["metric"], 13, "me", "wanted", {}};
    accept_change(made.path, acceptance);
  }
  CHECK(made.write().written > 0);
  CHECK(data_of(made.site / "regressions.html")["nights"][0]["findings"].empty());
}

TEST_CASE("site: results that went away, were replaced or are of another database make it anew") {
  Nights made(3);
  made.write();
  SECTION("replaced") {
    Store store(made.path, Store::Access::read_write);
    Result again = examples::ok(examples::run("resnet50", Precision::fp32), 1e6);
    store.add(3, again);
    CHECK(made.write().new_results == 48);
  }
  SECTION("gone") {
    SQLite::Database sqlite(made.path, SQLite::OPEN_READWRITE);
    sqlite.exec(
        "pragma foreign_keys = on; delete from results where run in (select id from runs where model = "
        "'mlp')");
    CHECK(made.write().from_the_start);
    CHECK(names(made.site, "model-").size() == 1);
    CHECK(names(made.site, "data/").size() == 9);
  }
  SECTION("another database") {
    Nights other(2);
    CHECK(write_site(other.path, made.site, usual).new_results == 32);
  }
  SECTION("a file was changed") {
    std::ofstream(made.site / names(made.site, "data/")[0]) << "bitsweep.trend({\"key\":\"x\"";
    made.nights.add_night();
    CHECK(made.write().new_results == 64);
  }
  SECTION("the state is damaged") {
    std::ofstream(made.site / "state.json") << "{\"layout\":1,\"database\":";
    CHECK(made.write().new_results == 48);
  }
}

TEST_CASE("site: an older session that was merged in takes its place") {
  Nights made(3);
  made.write();
  Store store(made.path, Store::Access::read_write);
  const int64_t session = store.begin_session(examples::experiment("nightly"), 1);
  SQLite::Database(made.path, SQLite::OPEN_READWRITE, 10'000)
      .exec("update sessions set started = '2025-12-24T02:00:00Z' where id = 4");
  store.add(session, examples::ok(examples::run("resnet50", Precision::fp32), 1e6));
  CHECK(made.write().new_results == 1);
  size_t found = 0;
  for (const auto& [name, content] : files_of(made.site)) found += count(content, "\"sessions\":[4,1,2,3]");
  CHECK(found == 1);
}

TEST_CASE("site: a regression is told once, and its end when it is over") {
  examples::Story story = small();
  story.upgrade_night = 12;
  Nights made(13, story);
  made.write();
  const std::string first = content_of(made.site / "feed.atom");
  REQUIRE(count(first, "<entry>") > 1);
  CHECK_THAT(first, ContainsSubstring("ok → failed") && ContainsSubstring("oneDNN: 2.6.3 → 3.7.2"));
  made.nights.add_night();
  made.write();
  const std::string second = content_of(made.site / "feed.atom");
  CHECK(count(second, "<entry>") == count(first, "<entry>"));
  CHECK(second.find("Over since") == second.npos);

  examples::Story repaired = small();
  examples::MadeUpNights later(made.path, repaired);
  for (int i = 0; i < 12; ++i) later.add_night();
  made.write();
  CHECK(count(content_of(made.site / "feed.atom"), "Over since") > 0);
}

TEST_CASE("site: hostile names stay text") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  const std::string hostile =
      "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>{{data}}../../..\x01\"";
  Store store(path, Store::Access::read_write);
  const int64_t session = store.begin_session(examples::experiment(hostile), 1);
  Result result = examples::ok(examples::run(hostile, Precision::int8), 1e6);
  result = examples::with(result, hostile, 1, hostile, Direction::neutral);
  result.layers[0].name = result.layers[0].implementation = hostile;
  result.notes.push_back(hostile);
  result.evidence[hostile] = hostile + "\xff";
  result.evidence["__proto__"] = hostile;
  result.machine.host = hostile;
  store.add(session, result);
  store.add(store.begin_session(examples::experiment(hostile), 1),
            examples::not_ok(examples::run(hostile, Precision::int8), Outcome::failed, hostile));

  write_site(path, folder.path() / "site", usual_for(hostile));
  const auto files = files_of(folder.path() / "site");
  for (const auto& [name, content] : files) {
    INFO(name);
    if (name.find(".html") == name.npos) continue;
    CHECK(count(content, "<script>") == 0);
    CHECK(count(content, "<img") == 0);
  }
  CHECK(count(files.at("index.html"), "alert(1)") > 1);
  CHECK(count(files.at("feed.atom"), "alert(1)") > 0);
  CHECK(count(files.at("feed.atom"), "<script") + count(files.at("feed.atom"), "\x01") == 0);
  const auto pages = names(folder.path() / "site", "model-");
  REQUIRE(pages.size() == 1);
  CHECK(data_of(folder.path() / "site" / pages[0])["model"] == hostile);
}

TEST_CASE(
    "site: pages load nothing from elsewhere, run no script of their own and keep the licence of their chart "
    "library") {
  Nights made(1);
  made.write();
  for (const auto& [name, content] : files_of(made.site)) {
    if (name.find(".html") == name.npos) continue;
    INFO(name);
    CHECK(count(content, "http://") + count(content, "https://") + count(content, "src=\"//") == 0);
    CHECK(count(content, "<script") == count(content, "<script src=\"assets/") +
                                           count(content, "<script src=\"data/") +
                                           count(content, "<script type=\"application/json\""));
    CHECK(count(content, "<style") + count(content, " style=") + count(content, " onclick=") == 0);
    CHECK_THAT(content, ContainsSubstring("default-src 'none'; script-src 'self'; style-src 'self'"));
    CHECK_THAT(content, ContainsSubstring("Chart.js Contributors") &&
                            ContainsSubstring("THE SOFTWARE IS PROVIDED \"AS IS\""));
  }
}

TEST_CASE("site: scripts put no text into a page but as text") {
  size_t scripts = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(source_dir()) / "results/page")) {
    if (entry.path().extension() != ".js") continue;
    ++scripts;
    const std::string text = content_of(entry.path());
    for (const char* way :
         {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch("}) {
      INFO(entry.path() << " " << way);
      CHECK(text.find(way) == text.npos);
    }
  }
  CHECK(scripts > 8);
}

TEST_CASE("site: without a session, or into what is no folder, it is not written") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store(path, Store::Access::read_write);
  CHECK_THROWS_WITH(write_site(path, folder.path() / "site", {}),
                    ContainsSubstring("there is no session to report"));
  Nights made(1);
  CHECK_THROWS_WITH(write_site(made.path, made.path, usual),
                    ContainsSubstring("the report cannot be written"));
}

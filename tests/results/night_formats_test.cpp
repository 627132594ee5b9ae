#include "results/night_formats.h"

#include <nlohmann/json.hpp>

#include "harness/table.h"
#include "tests/catch.h"

using namespace bitsweep;

namespace {

/// One finding of each kind, a run that failed and two that changed silently alike.
Night night() {
  Night night;
  night.session = 20;
  night.experiment = "nightly";
  night.started = "2026-03-01T04:00:00Z";
  night.planned = 12;
  night.present = 11;
  night.judged = 40;
  night.steady = 36;
  const auto add = [&](const char* run, Judgement judgement, bool attention, bool recovered, double change) {
    Finding finding;
    finding.run = run;
    finding.run_id = "0123456789ab";
    finding.metric = "latency_p50";
    finding.unit = "ns";
    finding.verdict = {judgement, attention,          true,   recovered,
                       1e6,       1e6 * (1 + change), change, {change - 0.01, change + 0.01},
                       12};
    finding.since_session = 13;
    finding.before_session = 12;
    finding.why = {"conv1: 700 µs → 1.10 ms, 96 % of the difference of +41 %; brgconv → ref:any"};
    night.findings.push_back(finding);
  };
  add("model=resnet50", Judgement::regressed, true, false, 0.41);
  add("model=vgg16", Judgement::improved, true, false, -0.1);
  add("model=mlp", Judgement::steady, false, true, 0);
  add("model=resnet18", Judgement::regressed, false, false, 0.02);
  night.outcomes = {
      {"model=a|b <script>", "ba9876543210", "c", "ok", "failed", "no such primitive", true, 19}};
  night.silent = {{"model=mlp batch=2", "1", 19, {"kernel: 6.1 → 6.6"}},
                  {"model=mlp batch=4", "2", 19, {"kernel: 6.1 → 6.6"}}};
  return night;
}

std::string rendered(const char* format, const Night& night) {
  return pick(night_formats(), "format", format).render(night);
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("night formats: the headline counts what is worth a word") {
  CHECK(headline(night()) ==
        "nightly, session 20 of 2026-03-01T04:00:00Z: 1 regressed, 1 improved, 1 recovered, 1 no longer ok");
  CHECK_THAT(headline({}), ContainsSubstring("nothing changed that is worth attention"));
}

TEST_CASE("night formats: text and Markdown tell each finding with its size, its beginning and its why") {
  for (const char* format : {"text", "md"}) {
    INFO(format);
    const std::string page = rendered(format, night());
    CHECK_THAT(page, ContainsSubstring("+41.0 % (+40.0 to +42.0)"));
    CHECK_THAT(page, ContainsSubstring("-10.0 %"));
    CHECK_THAT(page, ContainsSubstring("brgconv → ref:any"));
    CHECK_THAT(page, ContainsSubstring("11 of 12 runs are there"));
    CHECK_THAT(page, ContainsSubstring("no such primitive"));
    CHECK(count_of(page, "kernel: 6.1 → 6.6") == 1);  // told once for both runs
    CHECK(page.find("Changed, but by less") > page.find("Regressed"));
  }
}

TEST_CASE("night formats: Markdown and XML take names as names") {
  CHECK_THAT(rendered("md", night()), ContainsSubstring("model=a\\|b &lt;script>"));
  CHECK_THAT(rendered("junit", night()), ContainsSubstring("model=a|b &lt;script&gt;"));
}

TEST_CASE("night formats: what was refuted by measuring again is told apart and fails nothing") {
  Night one = night();
  one.findings[0].verdict.confirmed = false;
  one.findings[0].again = Again::refuted;
  one.findings[0].value_again = 1.01e6;
  one.outcomes[0].again = Again::refuted;
  for (const char* format : {"text", "md"}) {
    const std::string page = rendered(format, one);
    CHECK_THAT(page,
               ContainsSubstring("Not confirmed when measured again") && ContainsSubstring("1.01 ms again"));
    CHECK_THAT(page, ContainsSubstring("ok when measured again"));
    CHECK(page.find("Regressed") == page.npos);
  }
  CHECK_THAT(headline(one), ContainsSubstring("1 not confirmed when measured again"));
  CHECK(count_of(rendered("junit", one), "<failure") == 0);
  const nlohmann::json page = nlohmann::json::parse(rendered("json", one));
  CHECK(page["regressed"] == false);
  CHECK(page["findings"][0]["measured_again"] == "refuted");
  CHECK(page["findings"][0]["value_again"] == 1.01e6);
  CHECK(page["findings"][1]["measured_again"].is_null());
}

TEST_CASE("night formats: JSON holds all, and numbers that are none become null") {
  Night one = night();
  one.findings[0].verdict.change = INFINITY;
  one.findings[0].run += "\xff";  // no UTF-8
  const nlohmann::json page = nlohmann::json::parse(rendered("json", one));
  CHECK(page["regressed"] == true);
  CHECK(page["findings"].size() == 4);
  CHECK(page["findings"][0]["change"].is_null());
  CHECK(page["findings"][1]["judgement"] == "improved");
  CHECK(page["outcomes"][0]["reason"] == "no such primitive");
  CHECK(page["silent"][1]["what"][0] == "kernel: 6.1 → 6.6");
}

TEST_CASE("night formats: to a build server each regression worth attention is a failed test, and no more") {
  const std::string page = rendered("junit", night());
  CHECK(count_of(page, "<failure") == 2);
  CHECK_THAT(page, ContainsSubstring("tests=\"3\" failures=\"2\""));
  CHECK(count_of(rendered("junit", {}), "<failure") == 0);
}

#include "results/night_formats.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "results/quantity.h"
#include "results/render.h"
#include "results/xml.h"

namespace bitsweep {
namespace {

using Findings = std::vector<const Finding*>;

/// A heading of the page, and which findings stand under it.
struct Section {
  const char* heading;
  bool (*takes)(const Finding& finding);
};

const std::vector<Section>& sections() {
  static const std::vector<Section> list = {
      {"Regressed", [](const Finding& finding) { return finding.alarms(); }},
      {"Not confirmed when measured again",
       [](const Finding& finding) { return finding.again == Again::refuted; }},
      {"Improved",
       [](const Finding& finding) {
         return finding.verdict.judgement == Judgement::improved && finding.verdict.worth_attention;
       }},
      {"Recovered", [](const Finding& finding) { return finding.verdict.recovered; }},
      {"Changed, but by less than the threshold",
       [](const Finding& finding) {
         return finding.verdict.judgement != Judgement::steady && !finding.verdict.worth_attention;
       }},
  };
  return list;
}

Findings findings_of(const Night& night, const Section& section) {
  Findings found;
  for (const Finding& finding : night.findings)
    if (section.takes(finding)) found.push_back(&finding);
  return found;
}

std::string certainty(const Finding& finding) {
  if (finding.verdict.confirmed) return "several sessions";
  if (finding.again == Again::not_done) return "this session alone";
  return fmt::format("this session, {} again", finding.value_again
                                                   ? "and " + readable(*finding.value_again, finding.unit)
                                                   : "and not ok when measured");
}

std::string outcome_text(const OutcomeChange& change) {
  return fmt::format("{} → {}{}{}", change.before, change.after,
                     change.reason.empty() ? "" : ": " + change.reason,
                     change.again == Again::refuted     ? " (ok when measured again)"
                     : change.again == Again::confirmed ? " (not ok when measured again)"
                                                        : "");
}

/// For programs; null where nothing was measured again.
nlohmann::json word_of(Again again) {
  if (again == Again::not_done) return nullptr;
  return again == Again::confirmed ? "confirmed" : "refuted";
}

/// Runs that changed silently in the same way, told once.
std::map<std::vector<std::string>, std::vector<std::string>> runs_by_change(const Night& night) {
  std::map<std::vector<std::string>, std::vector<std::string>> groups;
  for (const SilentChange& change : night.silent) groups[change.what].push_back(change.run);
  return groups;
}

std::string counts(const Night& night) {
  return fmt::format("{} of {} runs are there; {} series judged: {} steady, {} with too little history",
                     night.present, night.planned, night.judged, night.steady, night.unknown);
}

std::string text(const Night& night) {
  std::string page = fmt::format("{}\n{}\n", headline(night), counts(night));
  for (const Section& section : sections()) {
    const Findings found = findings_of(night, section);
    if (!found.empty()) page += fmt::format("\n{}\n", section.heading);
    for (const Finding* finding : found) {
      const SeriesVerdict& verdict = finding->verdict;
      page += fmt::format("  {}  {}  {} → {}  {}  since session {}, {}\n", finding->run, finding->metric,
                          readable(verdict.before, finding->unit), readable(verdict.after, finding->unit),
                          change_text(verdict), finding->since_session, certainty(*finding));
      for (const std::string& sentence : finding->why) page += fmt::format("    {}\n", sentence);
    }
  }
  if (!night.outcomes.empty()) page += "\nOutcomes\n";
  for (const OutcomeChange& change : night.outcomes)
    page += fmt::format("  {}  {}\n", change.run, outcome_text(change));
  if (!night.silent.empty()) page += "\nNot the same, though as good\n";
  for (const auto& [what, runs] : runs_by_change(night))
    page += fmt::format("  {}\n    {}\n", fmt::join(runs, "; "), fmt::join(what, "\n    "));
  return page;
}

std::string markdown(const Night& night) {
  std::string page = fmt::format("# {}\n\n{}.\n", escaped_for_markdown(headline(night)), counts(night));
  for (const Section& section : sections()) {
    const Findings found = findings_of(night, section);
    if (found.empty()) continue;
    page += fmt::format(
        "\n## {}\n\n| run | metric | before | now | change (95 %) | since session | seen in |\n| --- | --- | "
        "---: | "
        "---: | ---: | ---: | --- |\n",
        section.heading);
    for (const Finding* finding : found)
      page +=
          fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", escaped_for_markdown(finding->run),
                      escaped_for_markdown(finding->metric), readable(finding->verdict.before, finding->unit),
                      readable(finding->verdict.after, finding->unit), change_text(finding->verdict),
                      finding->since_session, certainty(*finding));
    for (const Finding* finding : found) {
      if (finding->why.empty()) continue;
      page += fmt::format("\n{}, {}:\n", escaped_for_markdown(finding->run),
                          escaped_for_markdown(finding->metric));
      for (const std::string& sentence : finding->why)
        page += fmt::format("- {}\n", escaped_for_markdown(sentence));
    }
  }
  if (!night.outcomes.empty()) page += "\n## Outcomes\n\n";
  for (const OutcomeChange& change : night.outcomes)
    page += fmt::format("- {}: {}\n", escaped_for_markdown(change.run),
                        escaped_for_markdown(outcome_text(change)));
  if (!night.silent.empty()) page += "\n## Not the same, though as good\n\n";
  for (const auto& [what, runs] : runs_by_change(night)) {
    page += fmt::format("- {}\n", escaped_for_markdown(fmt::format("{}", fmt::join(runs, "; "))));
    for (const std::string& sentence : what) page += fmt::format("  - {}\n", escaped_for_markdown(sentence));
  }
  return page;
}

nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

std::string json(const Night& night) {
  nlohmann::json page = {{"experiment", night.experiment},    {"session", night.session},
                         {"started", night.started},          {"runs_planned", night.planned},
                         {"runs_present", night.present},     {"series_judged", night.judged},
                         {"series_steady", night.steady},     {"series_unknown", night.unknown},
                         {"regressed", night.has_regressed()}};
  auto& findings = page["findings"] = nlohmann::json::array();
  for (const Finding& finding : night.findings) {
    const SeriesVerdict& verdict = finding.verdict;
    findings.push_back({{"run", finding.run},
                        {"run_id", finding.run_id},
                        {"machine_class", finding.machine_class},
                        {"metric", finding.metric},
                        {"unit", finding.unit},
                        {"judgement", to_text(verdict.judgement)},
                        {"worth_attention", verdict.worth_attention},
                        {"confirmed", verdict.confirmed},
                        {"recovered", verdict.recovered},
                        {"before", number(verdict.before)},
                        {"after", number(verdict.after)},
                        {"change", number(verdict.change)},
                        {"change_low", number(verdict.change_interval.low)},
                        {"change_high", number(verdict.change_interval.high)},
                        {"since_session", finding.since_session},
                        {"before_session", finding.before_session},
                        {"measured_again", word_of(finding.again)},
                        {"value_again", finding.value_again ? number(*finding.value_again) : nullptr},
                        {"why", finding.why}});
  }
  auto& outcomes = page["outcomes"] = nlohmann::json::array();
  for (const OutcomeChange& change : night.outcomes)
    outcomes.push_back({{"run", change.run},
                        {"run_id", change.run_id},
                        {"before", change.before},
                        {"after", change.after},
                        {"reason", change.reason},
                        {"regressed", change.regressed},
                        {"measured_again", word_of(change.again)},
                        {"before_session", change.before_session}});
  auto& silent = page["silent"] = nlohmann::json::array();
  for (const SilentChange& change : night.silent)
    silent.push_back({{"run", change.run},
                      {"run_id", change.run_id},
                      {"before_session", change.before_session},
                      {"what", change.what}});
  return page.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// Each regression is a failed test case; the series that are as they were are one that passed.
std::string junit(const Night& night) {
  std::string cases;
  size_t count = 1, failures = 0;
  const auto failed = [&](const std::string& suite, const std::string& name, const std::string& message,
                          const std::string& details) {
    ++count;
    ++failures;
    cases += fmt::format(
        "  <testcase classname=\"{}\" name=\"{}\">\n    <failure message=\"{}\">{}</failure>\n  "
        "</testcase>\n",
        xml_text(suite), xml_text(name), xml_text(message), xml_text(details));
  };
  for (const Finding* finding : findings_of(night, sections().front()))
    failed(finding->run, finding->metric,
           fmt::format("{} since session {}", change_text(finding->verdict), finding->since_session),
           fmt::format("{}", fmt::join(finding->why, "\n")));
  for (const OutcomeChange& change : night.outcomes)
    if (change.alarms())
      failed(change.run, "outcome", fmt::format("{} → {}", change.before, change.after), change.reason);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
      "timestamp=\"{}\">\n{}  <testcase classname=\"{}\" name=\"{}\"/>\n</testsuite>\n",
      xml_text(night.experiment), count, failures, xml_text(night.started), cases, xml_text(night.experiment),
      xml_text(counts(night)));
}

}  // namespace

std::string change_text(const SeriesVerdict& verdict) {
  if (!std::isfinite(verdict.change)) return "from 0";
  return fmt::format("{:+.1f} % ({:+.1f} to {:+.1f})", 100 * verdict.change,
                     100 * verdict.change_interval.low, 100 * verdict.change_interval.high);
}

std::string headline(const Night& night) {
  std::vector<std::string> parts;
  for (const Section& section : sections()) {
    if (&section == &sections().back()) break;
    std::string heading = section.heading;
    std::transform(heading.begin(), heading.begin() + 1, heading.begin(), [](char c) { return c | 0x20; });
    if (const size_t count = findings_of(night, section).size(); count > 0)
      parts.push_back(fmt::format("{} {}", count, heading));
  }
  const auto failed = std::count_if(night.outcomes.begin(), night.outcomes.end(),
                                    [](const OutcomeChange& change) { return change.alarms(); });
  if (failed > 0) parts.push_back(fmt::format("{} no longer ok", failed));
  return fmt::format(
      "{}, session {} of {}: {}", night.experiment, night.session, night.started,
      parts.empty() ? "nothing changed that is worth attention" : fmt::format("{}", fmt::join(parts, ", ")));
}

const std::vector<NightFormat>& night_formats() {
  static const std::vector<NightFormat> table = {
      {"text", "for a terminal", text},
      {"md", "Markdown, for a chat or a pull request", markdown},
      {"json", "all of it, for programs", json},
      {"junit", "JUnit's XML, for build servers: a regression is a failed test", junit},
  };
  return table;
}

}  // namespace bitsweep

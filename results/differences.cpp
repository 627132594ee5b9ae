#include "results/differences.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "results/quantity.h"

namespace bitsweep {
namespace {

constexpr double worth_a_word = 0.02;     // share of the whole time by which it must have changed
constexpr double part_of_the_why = 0.10;  // share of the difference that a layer must account for
constexpr size_t most_layers = 3;

/// All that ran under one name: a network may use a name once, an engine may add steps with the same.
struct LayerTotal {
  double time_ns = 0;
  std::set<std::string> implementations;
};
using Layers = std::map<std::string, LayerTotal>;

Layers by_name(const std::vector<LayerRecord>& records) {
  Layers layers;
  for (const LayerRecord& record : records) {
    LayerTotal& total = layers[record.name];
    total.time_ns += record.time_ns;
    total.implementations.insert(record.implementation);
  }
  return layers;
}

double whole_ns(const Layers& layers) {
  double sum = 0;
  for (const auto& [name, total] : layers) sum += total.time_ns;
  return sum;
}

std::string list(const std::set<std::string>& names) {
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, " and "));
}

class Differences {
 public:
  Differences(const Result& before, const Result& after, bool with_times)
      : before_(before), after_(after), with_times_(with_times) {}

  std::vector<std::string> sentences() {
    value("outcome", described(before_), described(after_));
    if (!before_.layers.empty() && !after_.layers.empty()) layers();
    versions();
    machines();
    for (const char* name : {"emulated", "fallbacks"})
      value(name, evidence(before_, name), evidence(after_, name));
    for (const char* name :
         {"threads", "weights", "weights_hash", "data_hash", "normalisation", "calibration"})
      if (both_have(name)) value(name, evidence(before_, name), evidence(after_, name));
    if (both_have("outputs_hash") && evidence(before_, "outputs_hash") != evidence(after_, "outputs_hash"))
      sentences_.push_back("the outputs are no longer the same to the bit");
    return std::move(sentences_);
  }

 private:
  void value(const std::string& what, const std::string& before, const std::string& after) {
    if (before != after)
      sentences_.push_back(
          fmt::format("{}: {} → {}", what, before.empty() ? "none" : before, after.empty() ? "none" : after));
  }

  static std::string described(const Result& result) {
    const std::string outcome = to_text(result.outcome);
    return result.reason.empty() ? outcome : fmt::format("{} ({})", outcome, result.reason);
  }

  static std::string evidence(const Result& result, const char* name) {
    const auto found = result.evidence.find(name);
    return found == result.evidence.end() ? "" : found->second;
  }

  /// A result that did not end ok has little evidence; that is no cause.
  bool both_have(const char* name) const {
    return before_.evidence.count(name) > 0 && after_.evidence.count(name) > 0;
  }

  void layers() {
    const double whole_before_ns = whole_ns(by_name(before_.layers));
    const double difference_ns = whole_ns(by_name(after_.layers)) - whole_before_ns;
    const bool changed = with_times_ && std::abs(difference_ns) > worth_a_word * whole_before_ns;
    std::vector<std::string> others;
    size_t told = 0;
    for (const LayerChange& change : changes_by_weight(difference_ns < 0)) {
      const bool same = change.before.implementations == change.after.implementations;
      const std::string ran =
          fmt::format("{} → {}", list(change.before.implementations), list(change.after.implementations));
      const double share = changed ? change.ns() / difference_ns : 0;
      if (share >= part_of_the_why && told++ < most_layers)
        sentences_.push_back(fmt::format("{}: {} → {}, {:.0f} % of the difference of {:+.0f} %{}",
                                         change.name, readable(change.before.time_ns, "ns"),
                                         readable(change.after.time_ns, "ns"), 100 * share,
                                         100 * difference_ns / whole_before_ns, same ? "" : "; " + ran));
      else if (!same)
        others.push_back(fmt::format("{} ({})", change.name, ran));
    }
    if (others.empty()) return;
    const size_t more = others.size() - std::min(others.size(), most_layers);
    others.resize(others.size() - more);
    sentences_.push_back(fmt::format("other implementations: {}{}", fmt::join(others, ", "),
                                     more > 0 ? fmt::format(" and {} more layers", more) : ""));
  }

  struct LayerChange {
    std::string name;
    LayerTotal before, after;
    double ns() const { return after.time_ns - before.time_ns; }
  };

  /// Those first that became slower, or `faster`, by most.
  std::vector<LayerChange> changes_by_weight(bool faster) const {
    Layers before = by_name(before_.layers), after = by_name(after_.layers);
    std::set<std::string> names;
    for (const Layers* layers : {&before, &after})
      for (const auto& [name, total] : *layers) names.insert(name);
    std::vector<LayerChange> changes;
    for (const std::string& name : names) changes.push_back({name, before[name], after[name]});
    std::stable_sort(changes.begin(), changes.end(), [&](const LayerChange& one, const LayerChange& other) {
      return faster ? one.ns() < other.ns() : one.ns() > other.ns();
    });
    return changes;
  }

  void versions() {
    value("bitsweep", before_.software.bitsweep, after_.software.bitsweep);
    value("build", before_.software.build, after_.software.build);
    std::map<std::string, std::pair<std::string, std::string>> libraries;
    for (const auto& [name, version] : before_.software.libraries) libraries[name].first = version;
    for (const auto& [name, version] : after_.software.libraries) libraries[name].second = version;
    for (const auto& [name, versions] : libraries) value(name, versions.first, versions.second);
  }

  void machines() {
    const Machine &before = before_.machine, &after = after_.machine;
    value("host", before.host, after.host);
    value("CPU", before.cpu, after.cpu);
    value("instructions", fmt::format("{}", fmt::join(before.isa, " ")),
          fmt::format("{}", fmt::join(after.isa, " ")));
    value("cores", before.core_set, after.core_set);
    value("GPUs", fmt::format("{}", fmt::join(before.gpus, ", ")),
          fmt::format("{}", fmt::join(after.gpus, ", ")));
    value("kernel", before.kernel, after.kernel);
    value("governor", before.governor, after.governor);
  }

  const Result& before_;
  const Result& after_;
  bool with_times_;
  std::vector<std::string> sentences_;
};

}  // namespace

std::vector<std::string> differences(const Result& before, const Result& after) {
  return Differences(before, after, true).sentences();
}

std::vector<std::string> differences_but_time(const Result& before, const Result& after) {
  return Differences(before, after, false).sentences();
}

}  // namespace bitsweep

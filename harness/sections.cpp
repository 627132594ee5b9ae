#include "harness/sections.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/field_reader.h"
#include "harness/plan.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

class Sections {
 public:
  Sections(const Vocabulary& vocabulary, Experiment& experiment, Mistakes& mistakes)
      : vocabulary_(vocabulary),
        experiment_(experiment),
        mistakes_(mistakes),
        fields_(vocabulary, mistakes) {}

  void read(const Item& root);

 private:
  struct Section {
    std::string name;
    void (Sections::*read)(const Entry&);
    bool decides_runs = true;  ///< says which runs there are, not how they are named or carried out
  };
  static const std::vector<Section>& table();

  void read_name(const Entry& section);
  void read_axes(const Entry& section);
  void read_zip(const Entry& section);
  void read_fixed(const Entry& section);
  void read_exclude(const Entry& section);
  void read_include(const Entry& section);
  void read_measure(const Entry& section);
  void read_limits(const Entry& section);
  void read_gate(const Entry& section);

  void claim(const Entry& entry, const std::string& section);
  std::vector<std::string> zipped(const Entry& entry);
  void read_zip_group(const Item& map);
  std::vector<std::string> read_names(const Entry& entry, const char* kind,
                                      const std::vector<std::string>& known, const char* right);
  template <class Number>
  void read_quantity(const Entry& entry, Unit unit, Number& number);

  // What only the whole file shows.
  void check_name();
  void check_given(const std::string& field, const std::string& message);
  void check_backend();
  void check_time();
  void check_size();
  void check_exclude();

  /// Which of axes, zip and fixed sets a field, and where.
  struct Claim {
    std::string section;
    Place place;
  };

  const Vocabulary& vocabulary_;
  Experiment& experiment_;
  Mistakes& mistakes_;
  FieldReader fields_;
  std::map<std::string, Place> places_;  ///< of the sections and quantities that the file gives
  std::map<std::string, Claim> claims_;
  std::vector<Place> exclude_places_;  ///< of each entry
  std::vector<Place> include_places_;
};

const std::vector<Sections::Section>& Sections::table() {
  static const std::vector<Section> sections = {
      {"experiment", &Sections::read_name, false},
      {"axes", &Sections::read_axes},
      {"zip", &Sections::read_zip},
      {"fixed", &Sections::read_fixed},
      {"exclude", &Sections::read_exclude},
      {"include", &Sections::read_include},
      {"measure", &Sections::read_measure, false},
      {"limits", &Sections::read_limits, false},
      {"gate", &Sections::read_gate, false},
  };
  return sections;
}

void Sections::read(const Item& root) {
  if (root.kind != Item::Kind::map) {
    mistakes_.add(root.place, "an experiment is a map; right is experiment: NAME and more");
    return;
  }
  bool runs_known = true;
  for (const Entry& entry : fields_.entries(root, "an experiment", "key", names_of(table()))) {
    places_[entry.key] = entry.place;
    const Section& section = pick(table(), "key", entry.key);
    const size_t mistakes_before = mistakes_.count();
    (this->*section.read)(entry);
    if (section.decides_runs && mistakes_.count() > mistakes_before) runs_known = false;
  }
  check_name();
  check_given("model", "no model is given; right is model: NAME in axes, zip, fixed or the entry of include");
  check_backend();
  check_time();
  if (!runs_known) return;  // the others reason about values, so they need all of them
  check_size();
  check_exclude();
}

// ---- One section each -----------------------------------------------------------------------------------

/// Names become file names and keys of sessions.
void Sections::read_name(const Entry& section) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const auto name = fields_.scalar(section.value, section.key);
  if (!name) return;
  if (name->size() > 100 || name->find_first_not_of(allowed) != name->npos || name->find_first_of("._-") == 0)
    mistakes_.add(
        section.value.place,
        fmt::format("experiment '{}' does not fit; right is a name of letters, digits, '.', '_' and '-'",
                    *name));
  experiment_.name = *name;
}

void Sections::read_axes(const Entry& section) {
  for (const Entry& entry : fields_.fields(section.value, "axes")) {
    claim(entry, "axes");
    Axis axis;
    for (const Value& point : fields_.values(entry)) axis.points.push_back({{entry.key, point.text}});
    experiment_.axes.push_back(axis);
  }
}

void Sections::read_zip(const Entry& section) {
  for (const Item& map : fields_.maps(section)) read_zip_group(map);
}

void Sections::read_fixed(const Entry& section) {
  for (const Entry& entry : fields_.fields(section.value, "fixed")) {
    claim(entry, "fixed");
    if (entry.value.kind == Item::Kind::list)
      mistakes_.add(entry.value.place,
                    fmt::format("{} is fixed, so it has one value; right is a list under axes", entry.key));
    else if (const auto fixed = fields_.value(entry.key, entry.value))
      experiment_.fixed.emplace_back(entry.key, fixed->text);
  }
}

void Sections::read_exclude(const Entry& section) {
  for (const Item& map : fields_.maps(section)) {
    experiment_.exclude.push_back(fields_.pattern(map, "an entry of exclude"));
    exclude_places_.push_back(map.place);
  }
}

void Sections::read_include(const Entry& section) {
  for (const Item& map : fields_.maps(section)) {
    experiment_.include.push_back(fields_.pattern(map, "an entry of include"));
    include_places_.push_back(map.place);
  }
}

void Sections::read_measure(const Entry& section) {
  std::vector<std::string> keys;
  for_each_measure_key(experiment_.measure,
                       [&](const char* key, auto&, Unit, const char*) { keys.push_back(key); });
  keys.push_back("interleave");
  keys.push_back("allow");
  for (const Entry& entry : fields_.entries(section.value, "measure", "key of measure", keys)) {
    if (entry.key == "interleave")
      experiment_.measure.interleave = read_names(entry, "field", field_names(), "[precision, pruning]");
    if (entry.key == "allow")
      experiment_.measure.allow = read_names(entry, "allowance", names_of(allowances()), "[fallback]");
    for_each_measure_key(experiment_.measure, [&](const char* key, auto& number, Unit unit, const char*) {
      if (entry.key == key) read_quantity(entry, unit, number);
    });
  }
}

void Sections::read_limits(const Entry& section) {
  std::vector<std::string> keys;
  for_each_limits_key(experiment_.limits,
                      [&](const char* key, auto&, Unit, const char*) { keys.push_back(key); });
  for (const Entry& entry : fields_.entries(section.value, "limits", "key of limits", keys))
    for_each_limits_key(experiment_.limits, [&](const char* key, auto& number, Unit unit, const char*) {
      if (entry.key == key) read_quantity(entry, unit, number);
    });
}

void Sections::read_gate(const Entry& section) {
  for (const Entry& entry : fields_.entries(section.value, "gate", "metric", names_of(gate_metrics()))) {
    const auto text = fields_.scalar(entry.value, entry.key);
    if (!text) continue;
    try {
      experiment_.gate[entry.key] = parse_threshold(*text, pick(gate_metrics(), "metric", entry.key).share);
    } catch (const Error& error) {
      mistakes_.add(entry.value.place, fmt::format("{} {}", entry.key, error.what()));
    }
  }
}

/// The values of one field of a zip; one that does not fit is told and left empty.
std::vector<std::string> Sections::zipped(const Entry& entry) {
  if (entry.value.list.empty())
    mistakes_.add(entry.value.place,
                  fmt::format("{} in zip is no list of values; right is [VALUE, ...]", entry.key));
  std::vector<std::string> texts;
  for (const Item& item : entry.value.list)
    texts.push_back(fields_.value(entry.key, item).value_or(Value{}).text);
  return texts;
}

/// {precision: [fp32, int8], batch: [1, 16]}: two points, fp32 with 1 and int8 with 16.
void Sections::read_zip_group(const Item& map) {
  std::vector<Assignment> points;
  std::set<size_t> lengths;
  for (const Entry& entry : fields_.fields(map, "an entry of zip")) {
    claim(entry, "zip");
    const std::vector<std::string> texts = zipped(entry);
    if (texts.empty()) continue;
    lengths.insert(texts.size());
    points.resize(std::max(points.size(), texts.size()));
    for (size_t i = 0; i < texts.size(); ++i) points[i].emplace_back(entry.key, texts[i]);
  }
  if (lengths.size() > 1)
    mistakes_.add(map.place, fmt::format("the lists of this zip have {} values; right is one length",
                                         fmt::join(lengths, " and ")));
  else if (mistakes_.none() && std::set(points.begin(), points.end()).size() < points.size())
    mistakes_.add(map.place, "two points of this zip are the same; right is each once");
  experiment_.axes.push_back({std::move(points)});
}

/// A list of different names of a table.
std::vector<std::string> Sections::read_names(const Entry& entry, const char* kind,
                                              const std::vector<std::string>& known, const char* right) {
  std::vector<std::string> named;
  if (entry.value.kind != Item::Kind::list) {
    mistakes_.add(entry.value.place, fmt::format("{} is a list of {}s; right is {}", entry.key, kind, right));
    return named;
  }
  for (const Item& item : entry.value.list) {
    const auto name = fields_.scalar(item, fmt::format("an entry of {}", entry.key));
    if (!name) continue;
    if (std::find(known.begin(), known.end(), *name) == known.end())
      mistakes_.add(item.place, unknown_name(kind, *name, known));
    else if (std::find(named.begin(), named.end(), *name) != named.end())
      mistakes_.add(item.place, fmt::format("{} is repeated; right is once", *name));
    else
      named.push_back(*name);
  }
  return named;
}

template <class Number>
void Sections::read_quantity(const Entry& entry, Unit unit, Number& number) {
  const auto text = fields_.scalar(entry.value, entry.key);
  if (!text) return;
  try {
    number = static_cast<Number>(parse_quantity(*text, unit));
    places_[entry.key] = entry.value.place;
  } catch (const Error& error) {
    mistakes_.add(entry.value.place, fmt::format("{} {}", entry.key, error.what()));
  }
}

/// A field is set in one place of axes, zip and fixed.
void Sections::claim(const Entry& entry, const std::string& section) {
  const auto [claimed, is_new] = claims_.emplace(entry.key, Claim{section, entry.place});
  if (!is_new)
    mistakes_.add(entry.place,
                  fmt::format("{} is set by {} in line {} already; right is one of axes, zip and fixed",
                              entry.key, claimed->second.section, claimed->second.place.line));
}

// ---- What only the whole file shows ---------------------------------------------------------------------

void Sections::check_name() {
  if (places_.count("experiment") == 0 && !fields_.is_meant("experiment"))
    mistakes_.add({}, "the experiment has no name; right is experiment: NAME");
}

/// Tells where a field is left open. Included runs take nothing from the axes.
void Sections::check_given(const std::string& field, const std::string& message) {
  if (fields_.is_meant(field)) return;
  const auto claimed = claims_.find(field);
  if (is_crossed(experiment_) && claimed == claims_.end()) mistakes_.add({}, message);
  if (claimed != claims_.end() && claimed->second.section == "fixed") return;
  for (size_t i = 0; i < experiment_.include.size(); ++i) {
    const Pattern& entry = experiment_.include[i];
    if (std::none_of(entry.begin(), entry.end(), [&](const auto& given) { return given.first == field; }))
      mistakes_.add(include_places_[i], message);
  }
}

/// The default is of use only where it was built in.
void Sections::check_backend() {
  const std::vector<std::string>& known = vocabulary_.backends;
  const std::string usual = Run().backend;
  if (std::find(known.begin(), known.end(), usual) == known.end())
    check_given("backend",
                fmt::format("no backend is given, and the usual {} is not in this build; known: {}", usual,
                            fmt::join(known, ", ")));
}

void Sections::check_time() {
  const Measure& measure = experiment_.measure;
  const Limits& limits = experiment_.limits;
  if (limits.timeout_s > measure.max_time_s) return;
  const std::string key = places_.count("timeout") > 0 ? "timeout" : "max_time";
  mistakes_.add(places_[key],
                fmt::format("timeout ({:g}s) ends a run before max_time ({:g}s) is over; right is a "
                            "longer timeout or a shorter max_time",
                            limits.timeout_s, measure.max_time_s));
}

void Sections::check_size() {
  const double runs = crossed_runs(experiment_);
  if (runs > max_runs)
    mistakes_.add({}, fmt::format("axes, zip and include cross to {:.0f} runs; right is at most {:.0f}", runs,
                                  max_runs));
}

/// An entry without effect is a typing error.
void Sections::check_exclude() {
  for (size_t i = 0; i < experiment_.exclude.size(); ++i)
    if (!can_match(experiment_, experiment_.exclude[i]))
      mistakes_.add(exclude_places_[i],
                    "this entry of exclude matches no run; right is to correct or remove it");
}

}  // namespace

void read_sections(const Item& root, const Vocabulary& vocabulary, Experiment& experiment,
                   Mistakes& mistakes) {
  Sections(vocabulary, experiment, mistakes).read(root);
}

}  // namespace bitsweep

// YAML → Experiment. The only file that knows yaml-cpp.
#include "harness/experiment.h"

#include <algorithm>
#include <cerrno>
#include <compare>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include "harness/error.h"
#include "harness/plan.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

/// Larger files are no experiments; 1 MiB holds ten thousand lines.
constexpr size_t max_file_bytes = 1 << 20;

/// Where something stands in the file; both count from 1.
struct Place {
  int line = 1;
  int column = 1;

  auto operator<=>(const Place&) const = default;
};

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

/// The parser puts an empty value where the next thing stands; `before` is nearer.
Place place_of(const YAML::Node& node, Place before) {
  return node.IsNull() ? before : place_of(node.Mark());
}

/// All that is wrong with one file.
class Mistakes {
 public:
  explicit Mistakes(std::string path) : path_(std::move(path)) {}

  void add(Place place, std::string message) { told_.emplace(place, std::move(message)); }
  bool none() const { return told_.empty(); }

  void throw_if_any() const {
    std::vector<std::string> lines;
    for (const auto& [place, message] : told_)
      lines.push_back(fmt::format("{}:{}:{}: {}", path_, place.line, place.column, message));
    if (!lines.empty()) throw Error(fmt::format("{}", fmt::join(lines, "\n")));
  }

 private:
  std::string path_;
  std::set<std::pair<Place, std::string>> told_;  ///< sorted; an alias may meet the same mistake twice
};

/// One key of a map and its value.
struct Entry {
  std::string key;
  Place place;  ///< of the key
  YAML::Node value;

  Place value_place() const { return place_of(value, place); }
};

/// A value that fits its field.
struct Value {
  std::string text;
  Place place;
};

class Reader {
 public:
  Reader(std::string_view text, const std::string& path, const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), mistakes_(path) {
    experiment_.path = path;
    experiment_.text = text;
  }

  Experiment read();

 private:
  struct Section {
    std::string name;
    void (Reader::*read)(const Entry&);
  };
  static const std::vector<Section>& sections();

  // From characters to YAML.
  void check_characters();
  YAML::Node document();
  std::vector<Entry> entries(const YAML::Node& map, Place place, std::string_view what,
                             std::string_view unknown, const std::vector<std::string>& known);
  std::vector<Entry> fields(const YAML::Node& map, Place place, std::string_view what);
  std::vector<YAML::Node> list_of_maps(const Entry& section);

  // One section each.
  void read_name(const Entry& section);
  void read_axes(const Entry& section);
  void read_zip(const Entry& section);
  void read_fixed(const Entry& section);
  void read_exclude(const Entry& section);
  void read_include(const Entry& section);
  void read_measure(const Entry& section);
  void read_limits(const Entry& section);
  void read_gate(const Entry& section);

  // Values.
  std::optional<std::string> scalar(const YAML::Node& node, Place place, std::string_view what);
  std::optional<std::string> pruning(const YAML::Node& map, Place place);
  std::optional<Value> value(const std::string& field, const YAML::Node& node, Place place);
  std::vector<Value> values(const Entry& entry);
  Pattern pattern(const YAML::Node& map, std::string_view what);
  std::vector<std::string> zipped(const Entry& entry);
  void read_zip_group(const YAML::Node& map);
  void read_interleave(const Entry& entry);
  template <class Number>
  void quantity(const Entry& entry, Unit unit, Number& number);
  void claim(const Entry& entry, std::string_view section);

  // What only the whole file shows.
  void check_presence();
  void check_include();
  void check_time();
  void check_size();
  void check_exclude();
  bool is_given(const std::string& field) const { return claimed_.count(field) + guessed_.count(field) > 0; }

  const Vocabulary& vocabulary_;
  Mistakes mistakes_;
  Experiment experiment_;
  std::map<std::string, Place> places_;   ///< sections and quantities that the file gives
  std::map<std::string, Place> claimed_;  ///< fields that axes, zip or fixed set
  std::set<std::string> guessed_;         ///< what misspelt keys and fields seem to mean: told once is enough
  std::vector<Place> exclude_places_;     ///< of each entry
  std::vector<Place> include_places_;
};

const std::vector<Reader::Section>& Reader::sections() {
  static const std::vector<Section> table = {
      {"experiment", &Reader::read_name}, {"axes", &Reader::read_axes},
      {"zip", &Reader::read_zip},         {"fixed", &Reader::read_fixed},
      {"exclude", &Reader::read_exclude}, {"include", &Reader::read_include},
      {"measure", &Reader::read_measure}, {"limits", &Reader::read_limits},
      {"gate", &Reader::read_gate},
  };
  return table;
}

Experiment Reader::read() {
  check_characters();
  const YAML::Node root = document();
  mistakes_.throw_if_any();
  for (const Entry& entry : entries(root, {}, "an experiment", "key", names_of(sections()))) {
    places_[entry.key] = entry.place;
    (this->*pick(sections(), "key", entry.key).read)(entry);
  }
  check_presence();
  check_include();
  check_time();
  if (mistakes_.none()) {  // these reason about values, so they need all of them
    check_size();
    check_exclude();
  }
  mistakes_.throw_if_any();
  return std::move(experiment_);
}

// ---- From characters to YAML ----------------------------------------------------------------------------

/// The parser gives up on a tab with an obscure message, and takes some control characters for the end.
void Reader::check_characters() {
  Place place;
  bool indentation = true;
  for (const char character : experiment_.text) {
    if (character == '\n') {
      place = {place.line + 1, 1};
      indentation = true;
      continue;
    }
    if (character == '\t' && indentation)
      mistakes_.add(place, "a tab indents this line; right is spaces");
    else if (static_cast<unsigned char>(character) < 0x20 && character != '\t' && character != '\r')
      mistakes_.add(place, fmt::format("character {:#04x} is no text; right is plain UTF-8", int{character}));
    indentation = indentation && character == ' ';
    ++place.column;
  }
}

YAML::Node Reader::document() {
  if (!mistakes_.none()) return {};
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(experiment_.text);
    if (documents.empty()) {
      mistakes_.add({}, "the file is empty; right is an experiment, see experiments/README.md");
      return {};
    }
    if (documents.size() > 1)
      mistakes_.add(place_of(documents[1].Mark()),
                    "a second document begins here; right is one experiment a file");
    return documents.front();
  } catch (const YAML::Exception& error) {
    mistakes_.add(place_of(error.mark),
                  fmt::format("this is not YAML: {}; check indentation, brackets, quotes and colons", error.msg));
    return {};
  }
}

/// The known keys of a map, each once; everything else in it is told. `what` names the map, `unknown` its keys.
std::vector<Entry> Reader::entries(const YAML::Node& map, Place place, std::string_view what,
                                   std::string_view unknown, const std::vector<std::string>& known) {
  std::vector<Entry> found;
  if (map.IsNull()) return found;
  if (!map.IsMap()) {
    mistakes_.add(place, fmt::format("{} is a map; right is {}: VALUE", what, known.front()));
    return found;
  }
  for (const auto& [key, value] : map) {
    const Entry entry{key.IsScalar() ? key.Scalar() : "", place_of(key.Mark()), value};
    const auto first = std::find_if(found.begin(), found.end(), [&](const Entry& e) { return e.key == entry.key; });
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      mistakes_.add(entry.place, unknown_name(unknown, entry.key, known));
      guessed_.insert(nearest(entry.key, known));
    } else if (first != found.end()) {
      mistakes_.add(entry.place, fmt::format("{} stands in line {} already; right is once", entry.key, first->place.line));
    } else {
      found.push_back(entry);
    }
  }
  return found;
}

std::vector<Entry> Reader::fields(const YAML::Node& map, Place place, std::string_view what) {
  return entries(map, place, what, "field", field_names());
}

/// The entries of `zip`, `exclude` or `include`.
std::vector<YAML::Node> Reader::list_of_maps(const Entry& section) {
  std::vector<YAML::Node> maps;
  if (section.value.IsNull()) return maps;
  if (!section.value.IsSequence()) {
    mistakes_.add(section.value_place(),
                  fmt::format("{} is a list of maps; right is [{{FIELD: VALUE, ...}}, ...]", section.key));
    return maps;
  }
  for (const YAML::Node& node : section.value) {
    if (node.IsMap() && node.size() > 0)
      maps.push_back(node);
    else
      mistakes_.add(place_of(node, section.place),
                    fmt::format("an entry of {} is a map; right is {{FIELD: VALUE, ...}}", section.key));
  }
  return maps;
}

// ---- One section each -----------------------------------------------------------------------------------

/// Names become file names and keys of sessions.
void Reader::read_name(const Entry& section) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const auto name = scalar(section.value, section.value_place(), section.key);
  if (!name) return;
  if (name->size() > 100 || name->find_first_not_of(allowed) != name->npos || name->find_first_of("._-") == 0)
    mistakes_.add(section.value_place(),
                  fmt::format("experiment '{}' does not fit; right is a name of letters, digits, '.', '_' and '-'",
                              *name));
  experiment_.name = *name;
}

void Reader::read_axes(const Entry& section) {
  for (const Entry& entry : fields(section.value, section.value_place(), "axes")) {
    claim(entry, "axes");
    Axis axis;
    for (const Value& point : values(entry)) axis.points.push_back({{entry.key, point.text}});
    experiment_.axes.push_back(axis);
  }
}

void Reader::read_zip(const Entry& section) {
  for (const YAML::Node& map : list_of_maps(section)) read_zip_group(map);
}

void Reader::read_fixed(const Entry& section) {
  for (const Entry& entry : fields(section.value, section.value_place(), "fixed")) {
    claim(entry, "fixed");
    if (entry.value.IsSequence())
      mistakes_.add(entry.value_place(),
                    fmt::format("{} is fixed, so it has one value; right is a list under axes", entry.key));
    else if (const auto fixed = value(entry.key, entry.value, entry.value_place()))
      experiment_.fixed.emplace_back(entry.key, fixed->text);
  }
}

void Reader::read_exclude(const Entry& section) {
  for (const YAML::Node& map : list_of_maps(section)) {
    experiment_.exclude.push_back(pattern(map, "an entry of exclude"));
    exclude_places_.push_back(place_of(map.Mark()));
  }
}

void Reader::read_include(const Entry& section) {
  for (const YAML::Node& map : list_of_maps(section)) {
    experiment_.include.push_back(pattern(map, "an entry of include"));
    include_places_.push_back(place_of(map.Mark()));
  }
}

void Reader::read_measure(const Entry& section) {
  std::vector<std::string> keys;
  for_each_measure_key(experiment_.measure, [&](const char* key, auto&, Unit, const char*) { keys.push_back(key); });
  keys.push_back("interleave");
  for (const Entry& entry : entries(section.value, section.value_place(), "measure", "key of measure", keys)) {
    if (entry.key == "interleave") read_interleave(entry);
    for_each_measure_key(experiment_.measure, [&](const char* key, auto& number, Unit unit, const char*) {
      if (entry.key == key) quantity(entry, unit, number);
    });
  }
}

void Reader::read_limits(const Entry& section) {
  std::vector<std::string> keys;
  for_each_limits_key(experiment_.limits, [&](const char* key, auto&, Unit, const char*) { keys.push_back(key); });
  for (const Entry& entry : entries(section.value, section.value_place(), "limits", "key of limits", keys))
    for_each_limits_key(experiment_.limits, [&](const char* key, auto& number, Unit unit, const char*) {
      if (entry.key == key) quantity(entry, unit, number);
    });
}

void Reader::read_gate(const Entry& section) {
  for (const Entry& entry :
       entries(section.value, section.value_place(), "gate", "metric", names_of(gate_metrics()))) {
    const auto text = scalar(entry.value, entry.value_place(), entry.key);
    if (!text) continue;
    try {
      experiment_.gate[entry.key] = parse_threshold(*text, pick(gate_metrics(), "metric", entry.key).share);
    } catch (const Error& error) {
      mistakes_.add(entry.value_place(), fmt::format("{} {}", entry.key, error.what()));
    }
  }
}

// ---- Values ---------------------------------------------------------------------------------------------

std::optional<std::string> Reader::scalar(const YAML::Node& node, Place place, std::string_view what) {
  if (node.IsScalar()) return node.Scalar();
  if (node.IsNull())
    mistakes_.add(place, fmt::format("{} has no value; right is a value, or no such line", what));
  else
    mistakes_.add(place, fmt::format("{} is a {}; right is one value", what, node.IsMap() ? "map" : "list"));
  return std::nullopt;
}

/// {method: magnitude, ratio: 0.5} as the text "magnitude:0.5".
std::optional<std::string> Reader::pruning(const YAML::Node& map, Place place) {
  std::string method;
  std::string ratio;
  for (const Entry& entry : entries(map, place, "pruning", "key of pruning", {"method", "ratio"})) {
    const auto text = scalar(entry.value, entry.value_place(), fmt::format("pruning {}", entry.key));
    if (!text) return std::nullopt;
    (entry.key == "method" ? method : ratio) = *text;
  }
  if (method.empty()) {
    mistakes_.add(place, "pruning lacks its method; right is {method: magnitude, ratio: 0.5}");
    return std::nullopt;
  }
  return ratio.empty() ? method : fmt::format("{}:{}", method, ratio);
}

std::optional<Value> Reader::value(const std::string& field, const YAML::Node& node, Place place) {
  const auto text = field == "pruning" && node.IsMap() ? pruning(node, place) : scalar(node, place, field);
  if (!text) return std::nullopt;
  try {
    return Value{checked_value(field, *text, vocabulary_), place};
  } catch (const Error& error) {
    mistakes_.add(place, error.what());
    return std::nullopt;
  }
}

/// The values of an axis, a pattern or `interleave`: one, or a list without repetition.
std::vector<Value> Reader::values(const Entry& entry) {
  std::vector<Value> found;
  if (entry.value.IsNull() || (entry.value.IsSequence() && entry.value.size() == 0)) {
    mistakes_.add(entry.value_place(), fmt::format("{} has no value; right is a value, or no such line", entry.key));
    return found;
  }
  const std::vector<YAML::Node> nodes =
      entry.value.IsSequence() ? std::vector<YAML::Node>(entry.value.begin(), entry.value.end()) : std::vector{entry.value};
  std::map<std::string, Place> first;
  for (const YAML::Node& node : nodes) {
    const auto item = value(entry.key, node, place_of(node, entry.value_place()));
    if (!item) continue;
    if (first.emplace(item->text, item->place).second)
      found.push_back(*item);
    else
      mistakes_.add(item->place, fmt::format("{} {} is repeated; right is once", entry.key, item->text));
  }
  return found;
}

Pattern Reader::pattern(const YAML::Node& map, std::string_view what) {
  Pattern found;
  for (const Entry& entry : fields(map, place_of(map.Mark()), what)) {
    std::vector<std::string> texts;
    for (const Value& item : values(entry)) texts.push_back(item.text);
    found.emplace_back(entry.key, texts);
  }
  return found;
}

/// The values of one field of a zip; nothing if it is no list. Values that do not fit are told and left empty.
std::vector<std::string> Reader::zipped(const Entry& entry) {
  std::vector<std::string> texts;
  if (!entry.value.IsSequence() || entry.value.size() == 0)
    mistakes_.add(entry.value_place(), fmt::format("{} in zip is no list of values; right is [VALUE, ...]", entry.key));
  else
    for (const YAML::Node& node : entry.value)
      texts.push_back(value(entry.key, node, place_of(node, entry.value_place())).value_or(Value{}).text);
  return texts;
}

/// {precision: [fp32, int8], batch: [1, 16]}: two points, fp32 with 1 and int8 with 16.
void Reader::read_zip_group(const YAML::Node& map) {
  const Place place = place_of(map.Mark());
  Axis axis;
  std::set<size_t> lengths;
  for (const Entry& entry : fields(map, place, "an entry of zip")) {
    claim(entry, "zip");
    const std::vector<std::string> texts = zipped(entry);
    if (texts.empty()) continue;
    lengths.insert(texts.size());
    axis.points.resize(std::max(axis.points.size(), texts.size()));
    for (size_t i = 0; i < texts.size(); ++i) axis.points[i].emplace_back(entry.key, texts[i]);
  }
  if (lengths.size() > 1)
    mistakes_.add(place, fmt::format("the lists of this zip have {} values; right is one length", fmt::join(lengths, " and ")));
  else if (std::set(axis.points.begin(), axis.points.end()).size() < axis.points.size() && mistakes_.none())
    mistakes_.add(place, "two points of this zip are the same; right is each once");
  experiment_.axes.push_back(axis);
}

void Reader::read_interleave(const Entry& entry) {
  experiment_.measure.interleave.clear();
  if (!entry.value.IsSequence()) {
    mistakes_.add(entry.value_place(), "interleave is a list of fields; right is [precision, pruning]");
    return;
  }
  for (const YAML::Node& node : entry.value) {
    const Place place = place_of(node, entry.value_place());
    const auto name = scalar(node, place, "a field of interleave");
    if (!name) continue;
    auto& named = experiment_.measure.interleave;
    if (std::find(field_names().begin(), field_names().end(), *name) == field_names().end())
      mistakes_.add(place, unknown_name("field", *name, field_names()));
    else if (std::find(named.begin(), named.end(), *name) != named.end())
      mistakes_.add(place, fmt::format("{} is repeated; right is once", *name));
    else
      named.push_back(*name);
  }
}

template <class Number>
void Reader::quantity(const Entry& entry, Unit unit, Number& number) {
  const auto text = scalar(entry.value, entry.value_place(), entry.key);
  if (!text) return;
  try {
    number = static_cast<Number>(parse_quantity(*text, unit));
    places_[entry.key] = entry.value_place();
  } catch (const Error& error) {
    mistakes_.add(entry.value_place(), fmt::format("{} {}", entry.key, error.what()));
  }
}

/// A field is set in one place of axes, zip and fixed.
void Reader::claim(const Entry& entry, std::string_view section) {
  const auto [other, is_new] = claimed_.emplace(entry.key, entry.place);
  if (!is_new)
    mistakes_.add(entry.place, fmt::format("{} of {} is set in line {} already; right is one of axes, zip and fixed",
                                           entry.key, section, other->second.line));
}

// ---- What only the whole file shows ---------------------------------------------------------------------

/// What must be there.
void Reader::check_presence() {
  if (places_.count("experiment") + guessed_.count("experiment") == 0)
    mistakes_.add({}, "the experiment has no name; right is experiment: NAME");
  if (!is_crossed(experiment_)) return;
  if (!is_given("model"))
    mistakes_.add({}, "no model is given; right is a model in axes, zip or fixed, such as model: [mlp]");
  const std::vector<std::string>& known = vocabulary_.backends;
  const std::string usual = Run().backend;
  if (!is_given("backend") && std::find(known.begin(), known.end(), usual) == known.end())
    mistakes_.add({}, fmt::format("no backend is given, and the usual {} is not in this build; known: {}", usual,
                                  fmt::join(known, ", ")));
}

/// Included runs take nothing from the axes, so each needs a model.
void Reader::check_include() {
  const auto names_model = [](const auto& assigned) { return assigned.first == "model"; };
  const auto lacks_model = [&](const auto& list) { return std::none_of(list.begin(), list.end(), names_model); };
  if (!lacks_model(experiment_.fixed) || guessed_.count("model") > 0) return;
  for (size_t i = 0; i < experiment_.include.size(); ++i)
    if (lacks_model(experiment_.include[i]))
      mistakes_.add(include_places_[i], "an entry of include has no model, and fixed gives none; right is model: NAME");
}

void Reader::check_time() {
  const Measure& measure = experiment_.measure;
  const Limits& limits = experiment_.limits;
  if (limits.timeout_s > measure.max_time_s) return;
  const std::string key = places_.count("timeout") > 0 ? "timeout" : "max_time";
  mistakes_.add(places_[key], fmt::format("timeout ({:g}s) ends a run before max_time ({:g}s) is over; right is a "
                                          "longer timeout or a shorter max_time",
                                          limits.timeout_s, measure.max_time_s));
}

void Reader::check_size() {
  const double runs = crossed_runs(experiment_);
  if (runs > max_runs)
    mistakes_.add({}, fmt::format("axes, zip and include cross to {:.0f} runs; right is at most {:.0f}", runs, max_runs));
}

/// An entry without effect is a typing error.
void Reader::check_exclude() {
  for (size_t i = 0; i < experiment_.exclude.size(); ++i)
    if (!can_match(experiment_, experiment_.exclude[i]))
      mistakes_.add(exclude_places_[i], "this entry of exclude matches no run; right is to correct or remove it");
}

// ---- The file -------------------------------------------------------------------------------------------

std::string read_text(const std::string& path) {
  if (std::filesystem::is_directory(path))
    throw Error(fmt::format("{}: this is a folder; right is a YAML file", path));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error(fmt::format("{}: cannot be read ({}); right is the path of a YAML file", path, std::strerror(errno)));
  std::string text(max_file_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (file.bad()) throw Error(fmt::format("{}: cannot be read; right is a readable file", path));
  if (text.size() > max_file_bytes)
    throw Error(fmt::format("{}: larger than {} KiB; right is an experiment", path, max_file_bytes / 1024));
  return text;
}

}  // namespace

Experiment read_experiment(const std::string& path, const Vocabulary& vocabulary) {
  return parse_experiment(read_text(path), path, vocabulary);
}

Experiment parse_experiment(std::string_view text, const std::string& path, const Vocabulary& vocabulary) {
  return Reader(text, path, vocabulary).read();
}

}  // namespace bitsweep

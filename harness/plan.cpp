#include "harness/plan.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace bitsweep {
namespace {

bool holds(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

size_t position(const std::string& field) {
  const std::vector<std::string>& names = field_names();
  return static_cast<size_t>(std::find(names.begin(), names.end(), field) - names.begin());
}

/// A run with its fields as text, so that each text is made once.
struct Point {
  Run run;
  std::vector<std::string> texts = field_texts(run);  ///< as field_names()

  void set(const std::string& field, const std::string& text) {
    set_field(run, field, text);
    texts[position(field)] = text;
  }
};

class Expansion {
 public:
  explicit Expansion(const Experiment& experiment);
  std::vector<Block> run();

 private:
  using Fields = std::vector<std::pair<size_t, std::vector<std::string>>>;  ///< a Pattern by position

  void cross(size_t axis, const Point& point);
  void include(const Pattern& pattern, size_t index, const Point& point);
  bool excluded(const Point& point) const;
  void add(const Point& point);
  std::string key(const Point& point, bool with_interleaved) const;

  const Experiment& experiment_;
  std::vector<bool> interleaved_;  ///< as field_names()
  std::vector<Fields> exclusions_;
  std::vector<Block> blocks_;
  std::unordered_map<std::string, size_t> block_of_;
  std::unordered_set<std::string> seen_;
};

Expansion::Expansion(const Experiment& experiment)
    : experiment_(experiment), interleaved_(field_names().size(), false) {
  for (const std::string& field : experiment.measure.interleave) interleaved_[position(field)] = true;
  for (const Pattern& pattern : experiment.exclude) {
    Fields& fields = exclusions_.emplace_back();
    for (const auto& [field, values] : pattern) fields.emplace_back(position(field), values);
  }
}

std::vector<Block> Expansion::run() {
  Point start;
  for (const auto& [field, text] : experiment_.fixed) start.set(field, text);
  if (is_crossed(experiment_)) cross(0, start);
  for (const Pattern& pattern : experiment_.include) include(pattern, 0, start);
  return std::move(blocks_);
}

void Expansion::cross(size_t axis, const Point& point) {
  if (axis == experiment_.axes.size()) {
    if (!excluded(point)) add(point);
    return;
  }
  for (const Assignment& assignment : experiment_.axes[axis].points) {
    Point next = point;
    for (const auto& [field, text] : assignment) next.set(field, text);
    cross(axis + 1, next);
  }
}

void Expansion::include(const Pattern& pattern, size_t index, const Point& point) {
  if (index == pattern.size()) {
    add(point);
    return;
  }
  for (const std::string& text : pattern[index].second) {
    Point next = point;
    next.set(pattern[index].first, text);
    include(pattern, index + 1, next);
  }
}

bool Expansion::excluded(const Point& point) const {
  return std::any_of(exclusions_.begin(), exclusions_.end(), [&](const Fields& fields) {
    return std::all_of(fields.begin(), fields.end(),
                       [&](const auto& field) { return holds(field.second, point.texts[field.first]); });
  });
}

void Expansion::add(const Point& point) {
  if (!seen_.insert(key(point, true)).second) return;
  const auto [entry, is_new] = block_of_.emplace(key(point, false), blocks_.size());
  if (is_new) blocks_.emplace_back();
  blocks_[entry->second].runs.push_back(point.run);
}

/// The texts in a row; no text holds a line break.
std::string Expansion::key(const Point& point, bool with_interleaved) const {
  std::string key;
  for (size_t i = 0; i < point.texts.size(); ++i)
    if (with_interleaved || !interleaved_[i]) key.append(point.texts[i]).append(1, '\n');
  return key;
}

/// The fields that no axis sets, as `fixed` or the defaults have them.
Assignment unswept(const Experiment& experiment) {
  Run run;
  for (const auto& [field, text] : experiment.fixed) set_field(run, field, text);
  std::set<std::string> swept;
  for (const Axis& axis : experiment.axes)
    if (!axis.points.empty())
      for (const auto& [field, text] : axis.points.front()) swept.insert(field);
  Assignment rest;
  for (const std::string& name : field_names())
    if (swept.count(name) == 0) rest.emplace_back(name, field(run, name));
  return rest;
}

/// Whether no field of the point contradicts the pattern.
bool agrees(const Assignment& point, const Pattern& pattern) {
  return std::all_of(point.begin(), point.end(), [&](const auto& assigned) {
    return std::all_of(pattern.begin(), pattern.end(), [&](const auto& wanted) {
      return wanted.first != assigned.first || holds(wanted.second, assigned.second);
    });
  });
}

}  // namespace

std::vector<Block> expand(const Experiment& experiment) {
  return Expansion(experiment).run();
}

size_t run_count(const std::vector<Block>& blocks) {
  size_t count = 0;
  for (const Block& block : blocks) count += block.runs.size();
  return count;
}

bool is_crossed(const Experiment& experiment) {
  return !experiment.axes.empty() || experiment.include.empty();
}

double crossed_runs(const Experiment& experiment) {
  double total = 0;
  if (is_crossed(experiment)) {
    total = 1;
    for (const Axis& axis : experiment.axes) total *= static_cast<double>(axis.points.size());
  }
  for (const Pattern& pattern : experiment.include) {
    double runs = 1;
    for (const auto& [field, values] : pattern) runs *= static_cast<double>(values.size());
    total += runs;
  }
  return total;
}

bool can_match(const Experiment& experiment, const Pattern& exclusion) {
  if (!is_crossed(experiment)) return false;
  // The axes set different fields, so each can be looked at alone; `fixed` and the defaults are one more
  // axis.
  std::vector<Axis> axes = experiment.axes;
  axes.push_back({{unswept(experiment)}});
  return std::all_of(axes.begin(), axes.end(), [&](const Axis& axis) {
    return std::any_of(axis.points.begin(), axis.points.end(),
                       [&](const Assignment& point) { return agrees(point, exclusion); });
  });
}

}  // namespace bitsweep

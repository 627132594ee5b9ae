// From the YAML tree to names and values that are known to be right. What is wrong is told and left out.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/document.h"
#include "harness/experiment.h"

namespace bitsweep {

/// A value that fits its field, as runs write it.
struct Value {
  std::string text;
  Place place;
};

class FieldReader {
 public:
  FieldReader(const Vocabulary& vocabulary, Mistakes& mistakes)
      : vocabulary_(vocabulary), mistakes_(mistakes) {}

  /// The known keys of a map, each once. `what` names the map, `key_kind` its keys.
  std::vector<Entry> entries(const Item& item, std::string_view what, std::string_view key_kind,
                             const std::vector<std::string>& known);
  /// The same where the keys are fields of a run.
  std::vector<Entry> fields(const Item& item, std::string_view what);
  /// The entries of a list of maps.
  std::vector<Item> maps(const Entry& section);

  std::optional<std::string> scalar(const Item& item, std::string_view what);
  std::optional<Value> value(std::string_view field, const Item& item);
  /// One value, or a list without repetition.
  std::vector<Value> values(const Entry& entry);
  Pattern pattern(const Item& map, std::string_view what);

  /// Whether a misspelt key seems to mean this one: then it is not missing too.
  bool is_meant(const std::string& key) const { return meant_.count(key) > 0; }

 private:
  std::optional<std::string> pruning(const Item& map);

  const Vocabulary& vocabulary_;
  Mistakes& mistakes_;
  std::set<std::string> meant_;
};

}  // namespace bitsweep

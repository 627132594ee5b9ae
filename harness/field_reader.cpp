#include "harness/field_reader.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/table.h"

namespace bitsweep {

std::vector<Entry> FieldReader::entries(const Item& item, std::string_view what, std::string_view key_kind,
                                        const std::vector<std::string>& known) {
  std::vector<Entry> found;
  if (item.kind == Item::Kind::empty) return found;
  if (item.kind != Item::Kind::map) {
    mistakes_.add(item.place, fmt::format("{} is a map; right is {}: VALUE", what, known.front()));
    return found;
  }
  for (const Entry& entry : item.map) {
    const auto first =
        std::find_if(found.begin(), found.end(), [&](const Entry& other) { return other.key == entry.key; });
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      mistakes_.add(entry.place, unknown_name(key_kind, entry.key, known));
      meant_.insert(nearest(entry.key, known));
    } else if (first != found.end()) {
      mistakes_.add(entry.place,
                    fmt::format("{} stands in line {} already; right is once", entry.key, first->place.line));
    } else {
      found.push_back(entry);
    }
  }
  return found;
}

std::vector<Entry> FieldReader::fields(const Item& item, std::string_view what) {
  return entries(item, what, "field", field_names());
}

std::vector<Item> FieldReader::maps(const Entry& section) {
  if (section.value.kind != Item::Kind::list && section.value.kind != Item::Kind::empty)
    mistakes_.add(section.value.place,
                  fmt::format("{} is a list of maps; right is [{{FIELD: VALUE, ...}}, ...]", section.key));
  std::vector<Item> found;
  for (const Item& item : section.value.list) {
    if (!item.map.empty())
      found.push_back(item);
    else
      mistakes_.add(
          item.place,
          fmt::format("an entry of {} is a map with fields; right is {{FIELD: VALUE, ...}}", section.key));
  }
  return found;
}

std::optional<std::string> FieldReader::scalar(const Item& item, std::string_view what) {
  switch (item.kind) {
    case Item::Kind::scalar:
      return item.text;
    case Item::Kind::empty:
      mistakes_.add(item.place, fmt::format("{} has no value; right is a value, or no such key", what));
      return std::nullopt;
    case Item::Kind::list:
      mistakes_.add(item.place, fmt::format("{} is a list here; right is one value", what));
      return std::nullopt;
    case Item::Kind::map:
      mistakes_.add(item.place, fmt::format("{} is a map here; right is one value", what));
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Value> FieldReader::value(std::string_view field, const Item& item) {
  const bool is_pruning = field == "pruning" && item.kind == Item::Kind::map;
  const auto text = is_pruning ? pruning(item) : scalar(item, field);
  if (!text) return std::nullopt;
  try {
    return Value{checked_value(field, *text, vocabulary_), item.place};
  } catch (const Error& error) {
    mistakes_.add(item.place, error.what());
    return std::nullopt;
  }
}

/// {method: magnitude, ratio: 0.5} as the text "magnitude:0.5".
std::optional<std::string> FieldReader::pruning(const Item& map) {
  std::string method;
  std::string ratio;
  for (const Entry& entry : entries(map, "pruning", "key of pruning", {"method", "ratio"})) {
    const auto text = scalar(entry.value, fmt::format("pruning {}", entry.key));
    if (!text) return std::nullopt;
    (entry.key == "method" ? method : ratio) = *text;
  }
  if (!method.empty()) return ratio.empty() ? method : fmt::format("{}:{}", method, ratio);
  if (!is_meant("method"))
    mistakes_.add(map.place, "pruning lacks its method; right is {method: magnitude, ratio: 0.5}");
  return std::nullopt;
}

std::vector<Value> FieldReader::values(const Entry& entry) {
  std::vector<Value> found;
  const bool is_list = entry.value.kind == Item::Kind::list;
  if (is_list && entry.value.list.empty())
    mistakes_.add(entry.value.place,
                  fmt::format("{} is an empty list; right is a value, or no such key", entry.key));
  std::map<std::string, Place> first;
  for (const Item& item : is_list ? entry.value.list : std::vector{entry.value}) {
    const auto read = value(entry.key, item);
    if (!read) continue;
    if (first.emplace(read->text, read->place).second)
      found.push_back(*read);
    else
      mistakes_.add(read->place, fmt::format("{} {} is repeated; right is once", entry.key, read->text));
  }
  return found;
}

Pattern FieldReader::pattern(const Item& map, std::string_view what) {
  Pattern found;
  for (const Entry& entry : fields(map, what)) {
    std::vector<std::string> texts;
    for (const Value& read : values(entry)) texts.push_back(read.text);
    found.emplace_back(entry.key, texts);
  }
  return found;
}

}  // namespace bitsweep

// A YAML document as a tree whose every value knows its place, and the list of what is wrong with it.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/error.h"

namespace bitsweep {

/// Where something stands in a file; both count from 1.
struct Place {
  int line = 1;
  int column = 1;

  bool operator<(const Place& other) const {
    return std::tie(line, column) < std::tie(other.line, other.column);
  }
};

struct Entry;

struct Item {
  enum class Kind { empty, scalar, list, map };
  Kind kind = Kind::empty;
  Place place;             ///< of the value; of its key where it is empty
  std::string text;        ///< of a scalar
  std::vector<Item> list;  ///< of a list
  std::vector<Entry> map;  ///< of a map, as written: a key may stand there twice
};

struct Entry {
  std::string key;
  Place place;  ///< of the key
  Item value;
};

/// All that is wrong with one file.
class Mistakes {
 public:
  explicit Mistakes(std::string path) : path_(std::move(path)) {}

  void add(Place place, std::string message) { told_.emplace(place, std::move(message)); }
  bool none() const { return told_.empty(); }
  size_t count() const { return told_.size(); }

  /// Throws Error with one line a mistake, sorted by place.
  void throw_if_any() const {
    if (none()) return;
    std::vector<std::string> lines;
    for (const auto& [place, message] : told_)
      lines.push_back(fmt::format("{}:{}:{}: {}", path_, place.line, place.column, message));
    throw Error(fmt::format("{}", fmt::join(lines, "\n")));
  }

 private:
  std::string path_;
  std::set<std::pair<Place, std::string>> told_;  ///< a set: an alias meets the same mistake twice
};

}  // namespace bitsweep

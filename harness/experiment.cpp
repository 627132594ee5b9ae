// File → text → YAML tree. The only file that knows yaml-cpp; what the tree says is read in sections.cpp.
#include "harness/experiment.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "harness/document.h"
#include "harness/sections.h"

namespace bitsweep {
namespace {

/// Larger files are no experiments; 1 MiB holds ten thousand lines.
constexpr size_t max_file_bytes = 1 << 20;
/// An experiment is five levels deep.
constexpr size_t max_depth = 10;
/// What aliases may add: aliases of aliases grow without end.
constexpr size_t max_aliased = 100'000;

std::string read_text(const std::string& path) {
  if (std::filesystem::is_directory(path))
    throw Error(fmt::format("{}: this is a folder; right is a YAML file", path));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error(
        fmt::format("{}: cannot be read ({}); right is the path of a YAML file", path, std::strerror(errno)));
  std::string text(max_file_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > max_file_bytes)
    throw Error(fmt::format("{}: larger than {} KiB; right is an experiment", path, max_file_bytes / 1024));
  return text;
}

/// yaml-cpp gives up on tabs with an obscure message, and takes some control characters for the end.
/// A JSON text must be UTF-8, and what an experiment says travels as JSON.
bool is_utf8(std::string_view line) {
  try {
    return !nlohmann::json(line).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

void check_characters(std::string_view text, Mistakes& mistakes) {
  Place place;
  bool indentation = true;
  for (const char& character : text) {
    if (place.column == 1) {
      const std::string_view rest = text.substr(static_cast<size_t>(&character - text.data()));
      if (!is_utf8(rest.substr(0, rest.find('\n'))))
        mistakes.add(place, "this line is not UTF-8; right is plain UTF-8");
    }
    if (character == '\n') {
      place = {place.line + 1, 1};
      indentation = true;
      continue;
    }
    if (character == '\t' && indentation)
      mistakes.add(place, "a tab indents this line; right is spaces");
    else if (static_cast<unsigned char>(character) < 0x20 && character != '\t' && character != '\r')
      mistakes.add(place, fmt::format("character {:#04x} is no text; right is plain UTF-8", int{character}));
    indentation = indentation && character == ' ';
    ++place.column;
  }
}

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

/// Thrown out of the parser once a mistake is told that nothing can be read behind.
struct Stop {};

/// Builds the tree from the parser's events. (yaml-cpp's own tree is not used: its LoadAll loops until memory
/// ends where a stray comma follows a text, its Load ignores what follows.)
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Mistakes& mistakes) : mistakes_(mistakes) {}

  const Item& root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      stop(place_of(mark), "the experiment ends before this; right is one document a file");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override {
    Item item;
    if (!open_.empty())
      item.place = open_.back().awaits_value ? open_.back().key_place : open_.back().item.place;
    put(std::move(item), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& text) override {
    Item item;
    item.kind = Item::Kind::scalar;
    item.place = place_of(mark);
    item.text = text;
    put(std::move(item), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(place_of(mark), "this alias holds itself; right is to write it out");
    aliased_ += count(found->second);
    if (aliased_ > max_aliased)
      stop(place_of(mark), "these aliases unfold without end; right is to write them out");
    Item item = found->second;
    item.place = place_of(mark);
    put(std::move(item), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Item::Kind::list, place_of(mark), anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Item::Kind::map, place_of(mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map whose end has not come yet.
  struct Open {
    Item item;
    YAML::anchor_t anchor = 0;
    bool awaits_value = false;  ///< a map between key and value
    std::string key;
    Place key_place;
  };

  [[noreturn]] void stop(Place place, const std::string& message) {
    mistakes_.add(place, message);
    throw Stop();
  }

  void open(Item::Kind kind, Place place, YAML::anchor_t anchor) {
    if (open_.size() >= max_depth) stop(place, "this is nested too deep; right is fewer levels");
    Open& opened = open_.emplace_back();
    opened.item.kind = kind;
    opened.item.place = place;
    opened.anchor = anchor;
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    put(std::move(closed.item), closed.anchor);
  }

  /// Where a finished item belongs.
  void put(Item item, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = item;
    if (open_.empty()) {
      root_ = std::move(item);
      return;
    }
    Open& parent = open_.back();
    if (parent.item.kind == Item::Kind::list) {
      parent.item.list.push_back(std::move(item));
    } else if (parent.awaits_value) {
      parent.item.map.push_back({parent.key, parent.key_place, std::move(item)});
      parent.awaits_value = false;
    } else {
      parent.key = item.text;
      parent.key_place = item.place;
      parent.awaits_value = true;
    }
  }

  static size_t count(const Item& item) {
    size_t items = 1;
    for (const Item& element : item.list) items += count(element);
    for (const Entry& entry : item.map) items += count(entry.value);
    return items;
  }

  Mistakes& mistakes_;
  Item root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Item> anchors_;
  size_t aliased_ = 0;
  int documents_ = 0;
};

Item parse_document(const std::string& text, Mistakes& mistakes) {
  TreeBuilder builder(mistakes);
  std::istringstream stream(text);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
    if (builder.root().kind == Item::Kind::empty)
      mistakes.add({}, "the file is empty; right is an experiment, see experiments/README.md");
  } catch (const YAML::Exception& error) {
    mistakes.add(
        place_of(error.mark),
        fmt::format("this is not YAML: {}; check indentation, brackets, quotes and colons", error.msg));
  } catch (const Stop&) {  // told already
  }
  return builder.root();
}

}  // namespace

bool Measure::allows(std::string_view name) const {
  return std::find(allow.begin(), allow.end(), name) != allow.end();
}

Experiment read_experiment(const std::string& path, const Vocabulary& vocabulary) {
  return parse_experiment(read_text(path), path, vocabulary);
}

Experiment parse_experiment(std::string_view text, const std::string& path, const Vocabulary& vocabulary) {
  Experiment experiment;
  experiment.path = path;
  experiment.text = text;
  Mistakes mistakes(path);
  check_characters(text, mistakes);
  mistakes.throw_if_any();
  const Item root = parse_document(experiment.text, mistakes);
  mistakes.throw_if_any();
  read_sections(root, vocabulary, experiment, mistakes);
  mistakes.throw_if_any();
  return experiment;
}

}  // namespace bitsweep

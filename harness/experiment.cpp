// File → text → YAML tree. The only file that knows yaml-cpp; what the tree says is read in sections.cpp.
#include "harness/experiment.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "harness/document.h"
#include "harness/sections.h"

namespace bitsweep {
namespace {

/// Larger files are no experiments; 1 MiB holds ten thousand lines.
constexpr size_t max_file_bytes = 1 << 20;
/// An experiment is four levels deep. An alias may hold itself, and aliases of aliases unfold without end.
constexpr int max_depth = 10;
constexpr int max_items = 1'000'000;

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
void check_characters(std::string_view text, Mistakes& mistakes) {
  Place place;
  bool indentation = true;
  for (const char character : text) {
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

/// Copies the parser's nodes, which are shared between aliases, into a tree.
class Copy {
 public:
  explicit Copy(Mistakes& mistakes) : mistakes_(mistakes) {}

  /// `before`: the place of what stands before the node, for the parser puts an empty value where the next
  /// thing stands.
  Item item(const YAML::Node& node, Place before, int depth = 0) {
    Item item;
    item.place = node.IsNull() ? before : place_of(node.Mark());
    if (++items_ > max_items || depth > max_depth) {
      mistakes_.add(item.place,
                    "this is nested too deep, or aliases unfold without end; right is fewer levels");
      return item;
    }
    if (node.IsScalar()) {
      item.kind = Item::Kind::scalar;
      item.text = node.Scalar();
    } else if (node.IsSequence()) {
      item.kind = Item::Kind::list;
      for (const YAML::Node& element : node) item.list.push_back(this->item(element, item.place, depth + 1));
    } else if (node.IsMap()) {
      item.kind = Item::Kind::map;
      for (const auto& pair : node) item.map.push_back(entry(pair.first, pair.second, depth + 1));
    }
    return item;
  }

 private:
  Entry entry(const YAML::Node& key, const YAML::Node& value, int depth) {
    const Place place = place_of(key.Mark());
    return {key.IsScalar() ? key.Scalar() : "", place, item(value, place, depth)};
  }

  Mistakes& mistakes_;
  int items_ = 0;
};

Item parse_document(const std::string& text, Mistakes& mistakes) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty() || documents.front().IsNull()) {
      mistakes.add({}, "the file is empty; right is an experiment, see experiments/README.md");
      return {};
    }
    if (documents.size() > 1)
      mistakes.add(place_of(documents[1].Mark()),
                   "a second document begins here; right is one experiment a file");
    return Copy(mistakes).item(documents.front(), {});
  } catch (const YAML::Exception& error) {
    mistakes.add(
        place_of(error.mark),
        fmt::format("this is not YAML: {}; check indentation, brackets, quotes and colons", error.msg));
    return {};
  }
}

}  // namespace

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

// What can be seen of a node below a root: the files of proc/ and sys/, or planted ones.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/placement.h"

namespace bitsweep {

class Sight {
 public:
  explicit Sight(std::filesystem::path root) : root_(std::move(root)) {}

  bool has(const std::string& path) const;
  /// The lines of a file; none if it cannot be read.
  std::vector<std::string> lines(const std::string& path) const;
  /// The first line without spaces at its ends; nothing if there is none or it is empty.
  std::optional<std::string> line(const std::string& path) const;
  /// What follows "KEY:" in a file of such lines, e.g. proc/meminfo, without spaces at its ends.
  std::optional<std::string> value(const std::string& path, const std::string& key) const;

  /// What lies in a folder; nothing if it cannot be read.
  std::vector<std::string> names(const std::string& path) const;

  /// The cores this process may use; none if hidden.
  CoreSet allowed_cores() const;
  /// The cores that are in use on this node; none if hidden.
  CoreSet online_cores() const;

 private:
  std::filesystem::path root_;
};

/// Reads the kernel's form of a set: "0-3,8". What is no number is passed over.
CoreSet parse_core_set(const std::string& text);

/// Writes it so.
std::string to_text(const CoreSet& cores);

}  // namespace bitsweep

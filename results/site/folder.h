// A folder of files of which only those are written that differ from what is there.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace bitsweep {

class SiteFolder {
 public:
  explicit SiteFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }

  /// Writes a file, whole or not at all, unless it holds this text already. Folders are made as needed.
  /// Throws Error if that fails.
  void write(const std::string& name, std::string_view text);

  /// Removes the files of `names` that were not written, or found as they are, by this object.
  void remove_others(const std::set<std::string>& names);

  size_t written() const { return written_; }
  size_t unchanged() const { return present_.size() - written_; }
  const std::set<std::string>& present() const { return present_; }

 private:
  std::filesystem::path path_;
  std::set<std::string> present_;
  size_t written_ = 0;
};

/// The content of a file; empty if it cannot be read.
std::string content_of(const std::filesystem::path& path);

}  // namespace bitsweep

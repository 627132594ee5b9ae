#include "results/site/folder.h"

#include <fstream>

#include <fmt/format.h>

#include "harness/error.h"

namespace bitsweep {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code fault;
  const auto size = fs::file_size(path, fault);
  if (!file || fault) return {};
  std::string content(size, '\0');
  file.read(content.data(), static_cast<std::streamsize>(size));
  return content;
}

void SiteFolder::write(const std::string& name, std::string_view text) {
  present_.insert(name);
  const fs::path path = path_ / name, unfinished = path_ / (name + ".unfinished");
  std::error_code fault;
  if (fs::file_size(path, fault) == text.size() && !fault && content_of(path) == text) return;
  fs::create_directories(path.parent_path(), fault);
  std::ofstream file(unfinished, std::ios::binary);
  file << text;
  file.close();
  if (file) fs::rename(unfinished, path, fault);
  if (!file || fault)
    throw Error(
        fmt::format("{}: the report cannot be written; give a folder that can with --out", path.string()));
  ++written_;
}

void SiteFolder::remove_others(const std::set<std::string>& names) {
  std::error_code ignored;
  for (const std::string& name : names)
    if (present_.count(name) == 0) fs::remove(path_ / name, ignored);
}

}  // namespace bitsweep

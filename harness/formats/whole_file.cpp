#include "harness/formats/whole_file.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "harness/error.h"

namespace bitsweep {

namespace {

std::string partial_of(const std::string& path) {
  return fmt::format("{}.partial.{}", path, getpid());
}

[[noreturn]] void refuse(const std::string& path) {
  throw Error(fmt::format(
      "{}: cannot be written; right is a folder that exists, may be written to and has room", path));
}

}  // namespace

void write_whole_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  const std::string partial = partial_of(path);
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  write(file);
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(partial, path, error);
  if (!file || error) {
    std::filesystem::remove(partial, error);
    refuse(path);
  }
}

void check_writable(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw Error(fmt::format("{}: is a folder; right is a file in it", path));
  const std::string partial = partial_of(path);
  const bool opened = std::ofstream(partial, std::ios::binary | std::ios::trunc).is_open();
  std::filesystem::remove(partial, error);
  if (!opened) refuse(path);
}

}  // namespace bitsweep

#include "harness/formats/whole_file.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "harness/error.h"

namespace bitsweep {

void write_whole_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  const std::string partial = fmt::format("{}.partial.{}", path, getpid());
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  write(file);
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(partial, path, error);
  if (!file || error) {
    std::filesystem::remove(partial, error);
    throw Error(fmt::format(
        "{}: cannot be written; right is a folder that exists, may be written to and has room", path));
  }
}

}  // namespace bitsweep

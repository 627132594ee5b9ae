#include "harness/datasets/idx.h"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>

#include "harness/error.h"

namespace bitsweep {
namespace {

constexpr uint8_t unsigned_byte = 0x08;
constexpr int64_t most_values = int64_t{1} << 30;  ///< more than any data set in this format holds

/// A file that zlib reads, compressed or not.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb"), gzclose) {
    if (!file_) refuse("cannot be opened; right is a readable IDX file");
  }

  void read(uint8_t* to, int64_t count) {
    const int got = gzread(file_.get(), to, static_cast<unsigned>(count));
    if (got != count)
      refuse(fmt::format("is truncated or damaged: {} bytes where {} were to follow", got, count));
  }

  bool at_end() {
    uint8_t byte = 0;
    const int got = gzread(file_.get(), &byte, 1);
    if (got < 0) refuse("is damaged: its checksum is wrong; right is to fetch it again");
    return got == 0;
  }

  [[noreturn]] void refuse(const std::string& why) const { throw Error(fmt::format("{}: {}", path_, why)); }

 private:
  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace

IdxFile read_idx(const std::string& path) {
  Reader reader(path);
  std::array<uint8_t, 4> magic{};
  reader.read(magic.data(), magic.size());
  const int dimensions = magic[3];
  if (magic[0] != 0 || magic[1] != 0 || magic[2] != unsigned_byte || dimensions < 1 || dimensions > 4)
    reader.refuse(
        fmt::format("begins with {:02x} {:02x} {:02x} {:02x}; right is 00 00 08 and 1 to 4 dimensions",
                    magic[0], magic[1], magic[2], magic[3]));
  IdxFile file;
  int64_t count = 1;
  for (int dimension = 0; dimension < dimensions; ++dimension) {
    std::array<uint8_t, 4> size{};
    reader.read(size.data(), size.size());
    file.shape.push_back(int64_t{size[0]} << 24 | size[1] << 16 | size[2] << 8 | size[3]);
    if (file.shape.back() == 0 || file.shape.back() > most_values / count)
      reader.refuse(
          fmt::format("claims shape {}; right is 1 to {} values", to_text(file.shape), most_values));
    count *= file.shape.back();
  }
  file.values.resize(count);
  reader.read(file.values.data(), count);
  if (!reader.at_end()) reader.refuse(fmt::format("goes on after its {} values; right is its end", count));
  return file;
}

}  // namespace bitsweep

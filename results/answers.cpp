#include "results/answers.h"

#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace bitsweep {
namespace {

std::vector<bool> unpacked(std::string_view bytes, size_t count) {
  std::vector<bool> right(count);
  for (size_t i = 0; i < count; ++i)
    right[i] = (static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1) != 0;
  return right;
}

}  // namespace

std::string packed(const std::vector<bool>& right) {
  std::string bytes((right.size() + 7) / 8, '\0');
  for (size_t i = 0; i < right.size(); ++i)
    if (right[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 0x80 >> i % 8);
  return bytes;
}

std::map<int64_t, Answers> read_answers(SQLite::Database& sqlite, const std::vector<int64_t>& results) {
  SQLite::Statement found(sqlite,
                          "select answers.result, images, bits, value from answers left join evidence on "
                          "evidence.result = answers.result and name = 'data_hash' where answers.result in "
                          "(select value from json_each(?1))");
  found.bind(1, nlohmann::json(results).dump());
  std::map<int64_t, Answers> list;
  while (found.executeStep()) {
    const int64_t result = found.getColumn(0).getInt64(), images = found.getColumn(1).getInt64();
    const SQLite::Column bits = found.getColumn(2);
    if (images < 0 || (images + 7) / 8 != bits.getBytes())
      throw Error(fmt::format("result {}: {} bytes of answers to {} images; right is a bit an image", result,
                              bits.getBytes(), images),
                  ExitCode::database);
    const std::string_view bytes(static_cast<const char*>(bits.getBlob()),
                                 static_cast<size_t>(bits.getBytes()));
    list[result] = {found.getColumn(3).getString(), unpacked(bytes, static_cast<size_t>(images))};
  }
  return list;
}

}  // namespace bitsweep

#include "results/answers.h"

#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "results/select.h"

namespace bitsweep {
namespace {

std::vector<bool> unpacked(std::string_view bytes, size_t count) {
  std::vector<bool> right(count);
  for (size_t i = 0; i < count; ++i)
    right[i] = (static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1) != 0;
  return right;
}

std::string dump(const std::vector<int64_t>& numbers) {
  return nlohmann::json(numbers).dump();
}

/// The answers of the results for which a condition holds, by a column of theirs.
std::map<int64_t, Answers> read(SQLite::Database& sqlite, const char* key, const char* condition,
                                const std::vector<Cell>& values) {
  SQLite::Statement found(
      sqlite,
      fmt::format("select {}, images, bits, value from results join answers on answers.result = results.id "
                  "left join evidence on evidence.result = results.id and name = 'data_hash' where {}",
                  key, condition));
  bind_cells(found, values);
  std::map<int64_t, Answers> list;
  while (found.executeStep()) {
    const int64_t images = found.getColumn(1).getInt64();
    const SQLite::Column bits = found.getColumn(2);
    if (images < 0 || (images + 7) / 8 != bits.getBytes())
      throw Error(
          fmt::format("{} bytes of answers to {} images; right is a bit an image", bits.getBytes(), images),
          ExitCode::database);
    const std::string_view bytes(static_cast<const char*>(bits.getBlob()),
                                 static_cast<size_t>(bits.getBytes()));
    list[found.getColumn(0).getInt64()] = {found.getColumn(3).getString(),
                                           unpacked(bytes, static_cast<size_t>(images))};
  }
  return list;
}

}  // namespace

std::string packed(const std::vector<bool>& right) {
  std::string bytes((right.size() + 7) / 8, '\0');
  for (size_t i = 0; i < right.size(); ++i)
    if (right[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 0x80 >> i % 8);
  return bytes;
}

std::map<int64_t, Answers> read_answers(SQLite::Database& sqlite, const std::vector<int64_t>& results) {
  return read(sqlite, "results.id", "results.id in (select value from json_each(?1))", {dump(results)});
}

std::map<int64_t, Answers> read_answers(SQLite::Database& sqlite, const std::string& run_id,
                                        const std::vector<int64_t>& sessions) {
  return read(sqlite, "results.session", "session in (select value from json_each(?1)) and run = ?2",
              {dump(sessions), run_id});
}

}  // namespace bitsweep

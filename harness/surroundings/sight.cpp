#include "harness/surroundings/sight.h"

#include <charconv>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace bitsweep {
namespace {

std::string trimmed(const std::string& text) {
  constexpr const char* space = " \t\r\n";
  const size_t begin = text.find_first_not_of(space);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

std::optional<int> number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 ? std::optional(value)
                                                                                : std::nullopt;
}

}  // namespace

bool Sight::has(const std::string& path) const {
  std::error_code hidden;
  return std::filesystem::exists(root_ / path, hidden);
}

std::vector<std::string> Sight::lines(const std::string& path) const {
  std::ifstream file(root_ / path);
  std::vector<std::string> result;
  for (std::string line; std::getline(file, line);) result.push_back(line);
  return result;
}

std::optional<std::string> Sight::line(const std::string& path) const {
  std::ifstream file(root_ / path);
  std::string line;
  std::getline(file, line);
  line = trimmed(line);
  return line.empty() ? std::nullopt : std::optional(line);
}

std::optional<std::string> Sight::value(const std::string& path, const std::string& key) const {
  for (const std::string& line : lines(path)) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && trimmed(line.substr(0, colon)) == key)
      return trimmed(line.substr(colon + 1));
  }
  return std::nullopt;
}

std::vector<std::string> Sight::names(const std::string& path) const {
  std::error_code hidden;
  std::vector<std::string> result;
  for (std::filesystem::directory_iterator at(root_ / path, hidden), end; !hidden && at != end;
       at.increment(hidden))
    result.push_back(at->path().filename());
  return result;
}

CoreSet Sight::allowed_cores() const {
  return parse_core_set(value("proc/self/status", "Cpus_allowed_list").value_or(""));
}

CoreSet Sight::online_cores() const {
  return parse_core_set(line("sys/devices/system/cpu/online").value_or(""));
}

CoreSet parse_core_set(const std::string& text) {
  constexpr int most_cores = 1 << 16;
  CoreSet cores;
  std::istringstream ranges(text);
  for (std::string range; std::getline(ranges, range, ',');) {
    range = trimmed(range);
    const size_t dash = range.find('-');
    const auto first = number(range.substr(0, dash));
    const auto last = dash == std::string::npos ? first : number(range.substr(dash + 1));
    if (!first || !last || *last >= most_cores) continue;
    for (int core = *first; core <= *last; ++core) cores.push_back(core);
  }
  return cores;
}

std::string to_text(const CoreSet& cores) {
  std::string text;
  for (size_t first = 0; first < cores.size();) {
    size_t last = first;
    while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", cores[first]);
    if (last > first) text += fmt::format("-{}", cores[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace bitsweep

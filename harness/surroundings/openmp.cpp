#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

/// The variable; nothing if unset or empty.
std::optional<std::string> variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
}

/// A number above 0 at the beginning of the text: of a list by level ("4,2") the first counts.
std::optional<int> leading_number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool ends = end == text.data() + text.size() || *end == ',';
  return error == std::errc() && ends && value > 0 ? std::optional(value) : std::nullopt;
}

/// The first core that places in braces name, "{4,5},{6:2}", and this node lacks. Lengths and strides are
/// passed over, so a place whose later cores are missing is not noticed.
std::optional<int> missing_core(const std::string& places, const CoreSet& online) {
  bool inside = false, counts = false;
  for (size_t i = 0; i < places.size();) {
    const char c = places[i];
    if (c < '0' || c > '9') {
      inside = c == '{' || (inside && c != '}');
      counts = inside && (c == '{' || c == ',' || (counts && c == ' '));
      ++i;
      continue;
    }
    int core = 0;
    const auto [end, error] = std::from_chars(&places[i], places.data() + places.size(), core);
    i = static_cast<size_t>(end - places.data());
    if (counts && (error != std::errc() || std::find(online.begin(), online.end(), core) == online.end()))
      return core;
    counts = false;
  }
  return std::nullopt;
}

}  // namespace

Surrounding openmp_threads(const Environment& environment, const Sight& sight) {
  const auto text = variable(environment, "OMP_NUM_THREADS");
  if (!text) return {"OMP_NUM_THREADS", "unset", true, ""};
  const auto threads = leading_number(*text);
  if (!threads)
    return {"OMP_NUM_THREADS", *text, false,
            "it is no number of threads and each program reads it in its own way; unset it."};
  const auto cores = static_cast<int>(sight.allowed_cores().size());
  if (cores == 0 || *threads <= cores) return {"OMP_NUM_THREADS", *text, true, ""};
  return {
      "OMP_NUM_THREADS", *text, false,
      fmt::format("threads of other engines would wait for each other on {} cores; unset it, for runs take "
                  "their threads from the experiment.",
                  cores)};
}

Surrounding openmp_limit(const Environment& environment, const Sight& sight) {
  const auto text = variable(environment, "OMP_THREAD_LIMIT");
  if (!text) return {"OMP_THREAD_LIMIT", "unset", true, ""};
  const auto limit = leading_number(*text);
  if (limit && *limit >= static_cast<int>(sight.allowed_cores().size()))
    return {"OMP_THREAD_LIMIT", *text, true, ""};
  return {"OMP_THREAD_LIMIT", *text, false,
          "runs would get fewer threads than their experiment says, and nobody would tell; unset it."};
}

Surrounding openmp_places(const Environment& environment, const Sight& sight) {
  const auto text = variable(environment, "OMP_PLACES");
  if (!text) return {"OMP_PLACES", "unset", true, ""};
  const CoreSet online = sight.online_cores();
  const auto missing = online.empty() ? std::nullopt : missing_core(*text, online);
  if (missing)
    return {"OMP_PLACES", *text, false,
            fmt::format("it names core {}, and this node has {}; unset it.", *missing, to_text(online))};
  return {"OMP_PLACES", *text, true, ""};
}

}  // namespace bitsweep

#include <sstream>

#include <fmt/format.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

/// "always [madvise] never" → "madvise"; empty if nothing is in brackets.
std::string chosen(const std::string& text) {
  const size_t begin = text.find('['), end = text.find(']');
  return begin == std::string::npos || end == std::string::npos || end < begin
             ? ""
             : text.substr(begin + 1, end - begin - 1);
}

/// A number of KiB as in proc/meminfo, "2048 kB".
std::optional<int64_t> kibibytes(const Sight& sight, const std::string& key) {
  std::istringstream text(sight.value("proc/meminfo", key).value_or(""));
  int64_t number = 0;
  return text >> number ? std::optional(number) : std::nullopt;
}

}  // namespace

Surrounding huge_pages(const Sight& sight) {
  const std::string file = "sys/kernel/mm/transparent_hugepage/enabled";
  const std::string choice = chosen(sight.line(file).value_or(""));
  if (choice.empty())
    return {"huge pages", "unknown", false,
            "whether the kernel joins pages while a run is measured is hidden; look at the spread of its "
            "samples."};
  if (choice != "always") return {"huge pages", choice, true, ""};
  return {
      "huge pages", choice, false,
      fmt::format("the kernel joins pages while a run is measured, in one process and not in the next; `echo "
                  "madvise | sudo tee /{}` leaves it to the engine.",
                  file)};
}

Surrounding aslr(const Sight& sight) {
  constexpr unsigned long no_randomization = 0x0040000;  // ADDR_NO_RANDOMIZE
  const auto setting = sight.line("proc/sys/kernel/randomize_va_space");
  std::istringstream text(sight.line("proc/self/personality").value_or("0"));
  unsigned long personality = 0;
  text >> std::hex >> personality;
  if ((personality & no_randomization) != 0) return {"ASLR", "off for this process", true, ""};
  if (!setting)
    return {"ASLR", "unknown", false,
            "addresses may differ from process to process, and with them what shares a cache set; start "
            "bitsweep under `setarch -R`."};
  if (*setting == "0") return {"ASLR", "off", true, ""};
  return {"ASLR", "on", false,
          "addresses, and with them what shares a cache set, differ from process to process; start bitsweep "
          "under `setarch -R` for equal ones."};
}

Surrounding swap(const Sight& sight) {
  const auto total = kibibytes(sight, "SwapTotal"), free = kibibytes(sight, "SwapFree");
  if (!total || !free)
    return {"swap in use", "unknown", false,
            "whether memory was moved to disk is hidden; look at the spread of the samples."};
  const int64_t used = *total - *free;
  if (used <= 0) return {"swap in use", "none", true, ""};
  return {"swap in use", fmt::format("{} MiB", (used + 1023) / 1024), false,
          "memory was moved to disk, and what comes back is read from there; end what fills the memory, then "
          "`sudo swapoff -a`."};
}

}  // namespace bitsweep

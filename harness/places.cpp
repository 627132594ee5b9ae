#include "harness/places.h"

#include <cstdlib>

namespace bitsweep {
namespace {

/// An environment variable that is set to something.
const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

std::filesystem::path home() {
  const char* home = variable("BITSWEEP_HOME");
  return home != nullptr ? home : BITSWEEP_SOURCE_DIR;
}

std::filesystem::path cache() {
  if (const char* data = variable("BITSWEEP_DATA")) return data;
  if (const char* xdg = variable("XDG_CACHE_HOME")) return std::filesystem::path(xdg) / "bitsweep";
  const char* user = variable("HOME");
  return std::filesystem::path(user != nullptr ? user : ".") / ".cache" / "bitsweep";
}

}  // namespace bitsweep

#include "harness/formats/printable.h"

namespace bitsweep {

std::string printable(const std::string& name) {
  constexpr size_t most = 80;
  std::string text = name.substr(0, most);
  for (char& letter : text)
    if (letter < ' ' || letter > '~') letter = '?';
  return name.size() > most ? text + "..." : text;
}

}  // namespace bitsweep

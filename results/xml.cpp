#include "results/xml.h"

#include <nlohmann/json.hpp>

namespace bitsweep {

std::string xml_text(const std::string& words) {
  const std::string valid = nlohmann::json::parse(
      nlohmann::json(words).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  std::string safe;
  for (const char c : valid) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '"')
      safe += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
      safe += '?';
    else
      safe += c;
  }
  return safe;
}

}  // namespace bitsweep

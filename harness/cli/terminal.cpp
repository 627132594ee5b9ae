#include "harness/cli/terminal.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/color.h>
#include <unistd.h>

namespace bitsweep {
namespace {

struct ColouredWord {
  std::string_view word;  ///< in small letters; a first letter may be a capital, as in a heading
  fmt::terminal_color colour;
};

constexpr ColouredWord words[] = {
    {"regressed", fmt::terminal_color::red},
    {"no longer ok", fmt::terminal_color::red},
    {"improved", fmt::terminal_color::green},
    {"recovered", fmt::terminal_color::green},
    {"not confirmed when measured again", fmt::terminal_color::yellow},
    {"level shift", fmt::terminal_color::yellow},
    {"drift", fmt::terminal_color::yellow},
};

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool takes_colour() {
  const char* const terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && !is_set("NO_COLOR") && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

/// Whether a letter, digit or what names are made of stands there.
bool is_of_name(std::string_view page, size_t at) {
  return at < page.size() && (std::isalnum(static_cast<unsigned char>(page[at])) != 0 ||
                              std::string_view("-_=:.").find(page[at]) != std::string_view::npos);
}

bool stands_at(std::string_view page, size_t at, std::string_view word) {
  return page.size() - at >= word.size() && std::tolower(static_cast<unsigned char>(page[at])) == word[0] &&
         page.substr(at + 1, word.size() - 1) == word.substr(1) && !is_of_name(page, at + word.size()) &&
         (at == 0 || !is_of_name(page, at - 1));
}

std::string coloured(std::string_view page) {
  std::string text;
  for (size_t at = 0; at < page.size();) {
    size_t length = 1;
    for (const ColouredWord& one : words)
      if (stands_at(page, at, one.word)) {
        length = one.word.size();
        text += fmt::format(fmt::fg(one.colour) | fmt::emphasis::bold, "{}", page.substr(at, length));
      }
    if (length == 1) text += page[at];
    at += length;
  }
  return text;
}

}  // namespace

void print_page(const std::string& page, bool for_people) {
  fmt::print("{}", for_people && takes_colour() ? coloured(page) : page);
}

}  // namespace bitsweep

// What people see on a terminal.
#pragma once

#include <string>

namespace bitsweep {

/// Prints a page to standard output. On a terminal, unless NO_COLOR is set (no-color.org) or the terminal is
/// dumb, the words of verdicts get their colours.
///   for_people  whether it is text for people; else it is left as it is anywhere
void print_page(const std::string& page, bool for_people);

}  // namespace bitsweep

// Numbers with units for people.
#pragma once

#include <string>
#include <string_view>

namespace bitsweep {

/// "1.23 ms", "12.3 MiB", "3.45x", "97.81 %", "34.5 dB", "11.7 M": three digits, except for %.
std::string readable(double value, std::string_view unit);

}  // namespace bitsweep

// Catch2 under either of its two header layouts.
#pragma once

#ifdef BITSWEEP_CATCH2_V3
#include <catch2/catch_all.hpp>
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
#else
#include <catch2/catch.hpp>
using Catch::Matchers::Contains;
/// The name of version 3.
inline auto ContainsSubstring(const std::string& text) {
  return Contains(text);
}
#endif

// Random orders that are the same everywhere.
#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace bitsweep {

/// Fisher-Yates, in place. Written out because the standard library's shuffle differs between libraries.
inline void shuffle(std::vector<int64_t>& order, std::mt19937_64& random) {
  for (size_t i = order.size(); i-- > 1;) std::swap(order[i], order[random() % (i + 1)]);
}

}  // namespace bitsweep

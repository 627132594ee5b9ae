// The Atom feed of regressions.
#pragma once

#include <string>
#include <vector>

#include "results/site/memory.h"

namespace bitsweep {

/// RFC 4287: an entry a regression, the latest first, at most 50; links are relative to the feed.
std::string atom_feed(const std::vector<ToldRegression>& told, const std::string& database);

}  // namespace bitsweep

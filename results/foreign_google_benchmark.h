// The JSON of Google Benchmark.
#pragma once

#include <string>
#include <vector>

#include "harness/result.h"

namespace bitsweep {

/// A result a benchmark; its repetitions are the samples. Aggregates are left out, for they follow from the
/// repetitions, unless a file has nothing else: then their mean is taken.
std::vector<Result> read_google_benchmark(const std::string& text, const std::string& place);

}  // namespace bitsweep

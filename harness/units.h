// Quantities as people write them in an experiment: "20s", "8GiB", "1%".
#pragma once

#include <string>
#include <string_view>

namespace bitsweep {

/// What a quantity counts, and so how it is written.
enum class Unit {
  count,           ///< "30": a whole number, 0 or more
  positive_count,  ///< "30": a whole number, 1 or more
  duration,        ///< "500ms", "20s", "10min", "1h"; in seconds
  share,           ///< "1%"; as a fraction, 0.01
  size,            ///< "512MiB", "8GiB"; in bytes
};

/// The quantity in the unit named above. Throws Error, beginning with the text, with what would be right.
double parse_quantity(std::string_view text, Unit unit);

/// How such a quantity is written, as a regular expression that JSON Schema and ECMAScript share.
std::string quantity_pattern(Unit unit);

/// A change worth attention.
struct Threshold {
  double value = 0;     ///< 0.03 for "3%"; 0.5 for "0.5pp"
  bool points = false;  ///< percentage points ("0.5pp") of a metric that is itself a share; else relative
};

/// Throws Error, beginning with the text, with what would be right. `share`: the metric is a share, so that
/// percentage points have a meaning.
Threshold parse_threshold(std::string_view text, bool share);

}  // namespace bitsweep

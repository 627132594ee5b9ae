// Student's t distribution. Pure.
#pragma once

namespace bitsweep {

/// The chance that |t| is exceeded, at so many degrees of freedom, above 0; to about 12 digits. NaN for NaN.
/// Source: NIST Digital Library of Mathematical Functions, 8.17.22, the continued fraction by Lentz's method.
double two_sided_chance(double t, double freedom);

}  // namespace bitsweep

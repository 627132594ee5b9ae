#include "results/student.h"

#include <cmath>
#include <initializer_list>

namespace bitsweep {
namespace {

/// The continued fraction of the incomplete beta function I_x(a, b), for x < (a + 1) / (a + b + 2).
double fraction(double x, double a, double b) {
  constexpr double tiny = 1e-300;
  const auto off_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
  double c = 1, d = 1 / off_zero(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m < 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double factor = 1;
    for (const double numerator : {even, odd}) {
      d = 1 / off_zero(1 + numerator * d);
      c = off_zero(1 + numerator / c);
      factor = c * d;
      result *= factor;
    }
    if (std::abs(factor - 1) < 1e-16) break;
  }
  return result;
}

}  // namespace

double two_sided_chance(double t, double freedom) {
  if (std::isnan(t)) return t;
  if (std::isinf(t)) return 0;
  const double a = freedom / 2, b = 0.5;
  const double x = freedom / (freedom + t * t), rest = t * t / (freedom + t * t);
  if (rest == 0) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(rest));
  return x < (a + 1) / (a + b + 2) ? front * fraction(x, a, b) / a : 1 - front * fraction(rest, b, a) / b;
}

}  // namespace bitsweep

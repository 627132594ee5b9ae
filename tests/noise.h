// Histories with known noise, the same on every machine: the engine is the standard's, the distributions are
// ours, since the standard leaves those to the library.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace noise {

enum class Kind { gaussian, lognormal, correlated, bimodal };
inline constexpr Kind kinds[] = {Kind::gaussian, Kind::lognormal, Kind::correlated, Kind::bimodal};
inline constexpr double level = 100, deviation = 1;

inline std::string to_text(Kind kind) {
  switch (kind) {
    case Kind::gaussian:
      return "Gaussian";
    case Kind::lognormal:
      return "lognormal";
    case Kind::correlated:
      return "AR(1), rho 0.5";
    case Kind::bimodal:
      return "bimodal";
  }
  return "";
}

class Source {
 public:
  explicit Source(int64_t seed) : engine_(static_cast<uint64_t>(seed)) {}
  /// 0 < u < 1
  double uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) * 0x1p-53; }
  /// Box and Muller; mean 0, deviation 1.
  double normal() {
    const double size = std::sqrt(-2 * std::log(uniform()));
    return size * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  std::mt19937_64 engine_;
};

/// A history without a change, around 100: Gaussian and AR(1) of deviation 1; lognormal with a deviation of
/// 0.5 of its logarithm; bimodal: 30 % of the points lie 10 higher, independent of each other.
inline std::vector<double> series(Kind kind, int64_t length, int64_t seed) {
  Source source(seed);
  std::vector<double> values(static_cast<size_t>(length));
  double last = source.normal();
  for (double& value : values) {
    const double draw = source.normal();
    last = 0.5 * last + std::sqrt(0.75) * draw;
    switch (kind) {
      case Kind::gaussian:
        value = level + draw;
        break;
      case Kind::lognormal:
        value = level * std::exp(0.5 * draw);
        break;
      case Kind::correlated:
        value = level + last;
        break;
      case Kind::bimodal:
        value = level + draw + (source.uniform() < 0.3 ? 10 : 0);
        break;
    }
  }
  return values;
}

/// Gaussian noise with a step of so many deviations.
inline std::vector<double> with_step(int64_t before, int64_t after, double deviations, int64_t seed) {
  std::vector<double> values = series(Kind::gaussian, before + after, seed);
  for (size_t i = static_cast<size_t>(before); i < values.size(); ++i) values[i] += deviations * deviation;
  return values;
}

}  // namespace noise

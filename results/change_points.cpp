#include "results/change_points.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "results/level.h"
#include "results/step_test.h"

namespace bitsweep {
namespace {

constexpr int64_t half_window = change_point_window / 2;

/// Weight of each value: 1 if it was measured exactly, v / (v + e²) with a standard error of e, where v is
/// the variance from session to session, by the median difference of neighbours.
std::vector<double> weights_of(std::span<const double> values, std::span<const double> standard_errors) {
  std::vector<double> weights(values.size(), 1);
  if (std::all_of(standard_errors.begin(), standard_errors.end(), [](double error) { return error == 0; }))
    return weights;
  std::vector<double> differences;
  for (size_t i = 1; i < values.size(); ++i) differences.push_back(std::abs(values[i] - values[i - 1]));
  if (differences.empty()) return weights;
  const double deviation = middle(differences) * as_deviation / std::sqrt(2.0);
  if (deviation == 0) return weights;
  for (size_t i = 0; i < values.size(); ++i) {
    const double error = standard_errors[i] / deviation;
    weights[i] = 1 / (1 + error * error);
  }
  return weights;
}

struct Stretch {
  std::vector<Cut> cuts;
  SeriesKind kind;
};

/// Cuts that neither a drift nor a series with two modes explains, and the kind of the stretch.
Stretch look_at(std::span<const double> values, std::span<const double> standard_errors,
                const ChangePointCriteria& criteria) {
  const std::vector<double> weights = weights_of(values, standard_errors);
  Stretch stretch{cut_into_segments(values, weights, criteria.minimum_segment, criteria.significance), {}};
  SeriesKind& kind = stretch.kind;
  kind.modes = two_modes(values);
  // Back and forth between two modes in long turns: no single turn is a change.
  if (kind.modes && stretch.cuts.size() > 2) stretch.cuts.clear();
  if (!stretch.cuts.empty()) {
    if (const auto slope = drift(values, positions(stretch.cuts))) {
      kind.drift_per_point = *slope;
      stretch.cuts.clear();
    }
  }
  if (kind.drift_per_point == 0)
    kind.spikes = spikes(values, positions(stretch.cuts), criteria.minimum_segment);
  kind.shape = static_cast<int64_t>(values.size()) < 2 * criteria.minimum_segment ? SeriesShape::too_short
               : kind.drift_per_point != 0                                        ? SeriesShape::drift
               : kind.modes                                                       ? SeriesShape::two_modes
               : !stretch.cuts.empty()                                            ? SeriesShape::level_shift
               : !kind.spikes.empty()                                             ? SeriesShape::spikes
                                                                                  : SeriesShape::steady;
  return stretch;
}

/// The change between the values before and from `cut` on, within first and last.
ChangePoint describe(std::span<const double> values, std::span<const double> standard_errors, int64_t first,
                     const Cut& cut, int64_t last) {
  first = std::max(first, cut.position - change_point_window);
  last = std::min(last, cut.position + change_point_window);
  const size_t begin = static_cast<size_t>(first), count = static_cast<size_t>(last - first);
  const size_t left = static_cast<size_t>(cut.position - first);
  const std::span<const double> part = values.subspan(begin, count);
  const std::vector<double> weights = weights_of(part, standard_errors.subspan(begin, count));
  const std::span<const double> weight = weights;
  const Level before = level_of(part.first(left), weight.first(left));
  const Level after = level_of(part.subspan(left), weight.subspan(left));
  const auto variance = [](const Level& level, std::span<const double> of) {
    double sum = 0;
    for (const double one : of) sum += one;
    return level.deviation * level.deviation / sum;
  };
  const double widening = noise_widening(rank_scores(part), {static_cast<int64_t>(left)});
  const double error =
      widening * std::sqrt(variance(before, weight.first(left)) + variance(after, weight.subspan(left)));
  // Student's t at 97.5 %, to 0.05 from 8 degrees of freedom on.
  const double reach = error * (1.96 + 2.4 / static_cast<double>(std::max<size_t>(count, 3) - 2));
  const double difference = after.value - before.value;
  return {cut.position, before.value, after.value, {difference - reach, difference + reach}, cut.p_value};
}

double magnitude(const ChangePoint& change) {
  return std::abs(change.after - change.before) / std::abs(change.before);
}

}  // namespace

HistoryPoint history_point(double value, const Interval& interval) {
  return {value, (interval.high - interval.low) / (2 * 1.96)};
}

GrowingHistory::GrowingHistory(ChangePointCriteria criteria) : criteria_(criteria) {
  criteria_.minimum_segment = std::clamp<int64_t>(criteria_.minimum_segment, 2, half_window / 2);
}

void GrowingHistory::append(const HistoryPoint& point) {
  if (!std::isfinite(point.value) || !(point.standard_error >= 0))
    throw std::invalid_argument("a point of a history that is no finite number; right is to leave it out");
  values_.push_back(point.value);
  standard_errors_.push_back(point.standard_error);
  if (static_cast<int64_t>(values_.size()) - open_ < change_point_window) return;
  const auto open = static_cast<size_t>(open_);
  int64_t next = open_ + half_window;
  for (Cut cut :
       look_at(std::span(values_).subspan(open), std::span(standard_errors_).subspan(open), criteria_).cuts) {
    cut.position += open_;
    // The next stretch could not see a change closer than this to its beginning.
    if (cut.position >= open_ + half_window + criteria_.minimum_segment) break;
    settled_.push_back(cut);
    next = std::max(next, cut.position);
  }
  open_ = next;
}

SeriesFindings GrowingHistory::findings() const {
  const std::span<const double> values = values_, errors = standard_errors_;
  const auto open = static_cast<size_t>(open_);
  const Stretch stretch = look_at(values.subspan(open), errors.subspan(open), criteria_);
  std::vector<Cut> cuts = settled_;
  for (const Cut& cut : stretch.cuts) cuts.push_back({cut.position + open_, cut.p_value});

  SeriesFindings findings;
  findings.kind = stretch.kind;
  for (int64_t& spike : findings.kind.spikes) spike += open_;
  while (true) {
    findings.change_points.clear();
    for (size_t i = 0; i < cuts.size(); ++i)
      findings.change_points.push_back(
          describe(values, errors, i == 0 ? 0 : cuts[i - 1].position, cuts[i],
                   i + 1 == cuts.size() ? static_cast<int64_t>(values.size()) : cuts[i + 1].position));
    const auto smallest =
        std::min_element(findings.change_points.begin(), findings.change_points.end(),
                         [](const auto& a, const auto& b) { return magnitude(a) < magnitude(b); });
    if (smallest == findings.change_points.end() || !(magnitude(*smallest) < criteria_.minimum_magnitude))
      break;
    cuts.erase(cuts.begin() + (smallest - findings.change_points.begin()));
  }
  if (findings.kind.shape == SeriesShape::level_shift &&
      (findings.change_points.empty() || findings.change_points.back().index < open_))
    findings.kind.shape = findings.kind.spikes.empty() ? SeriesShape::steady : SeriesShape::spikes;
  return findings;
}

SeriesFindings find_change_points(std::span<const HistoryPoint> points, const ChangePointCriteria& criteria) {
  GrowingHistory history(criteria);
  for (const HistoryPoint& point : points) history.append(point);
  return history.findings();
}

}  // namespace bitsweep

#include "results/verdict.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "harness/statistics.h"
#include "results/level.h"
#include "results/significance.h"

namespace bitsweep {
namespace {

/// The standard deviation of normal values, from the median absolute deviation.
double robust_deviation(std::span<const double> values, double centre) {
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - centre));
  return as_deviation * middle(distances);
}

/// A stretch of values around one level.
struct Stretch {
  size_t begin = 0;
  std::span<const double> values;
  double centre = 0;

  Stretch(const std::vector<double>& all, size_t begin, size_t end)
      : begin(begin), values(all.data() + begin, end - begin), centre(median(values)) {}
};

size_t first_in_window(const SeriesHistory& history) {
  const size_t count = history.values.size();
  return std::max(history.accepted, count - std::min(count, window));
}

/// The levels in the window, the oldest first; none begins before what was accepted.
std::vector<Stretch> levels_of(const SeriesHistory& history) {
  const size_t count = history.values.size(), first = first_in_window(history);
  std::vector<size_t> starts = {first};
  for (const size_t start : history.level_starts)
    if (start > first && start < count) starts.push_back(start);
  std::vector<Stretch> levels;
  for (size_t i = 0; i < starts.size(); ++i)
    levels.emplace_back(history.values, starts[i], i + 1 < starts.size() ? starts[i + 1] : count);
  return levels;
}

double relative(double before, double after) {
  return before == 0 ? (after == 0 ? 0 : std::copysign(INFINITY, after))
                     : (after - before) / std::abs(before);
}

bool exceeds(double before, double after, const Threshold& threshold) {
  // A threshold in points is of a metric in percent.
  const double change = threshold.points ? after - before : relative(before, after);
  return std::abs(change) >= threshold.value * (1 - 1e-9);
}

bool worse(double before, double after, Direction direction) {
  return direction == Direction::lower_is_better ? after > before : after < before;
}

/// Of the change between two levels, from the intervals of both medians: wider than at 95 %.
Interval interval_of(std::span<const double> before, std::span<const double> after) {
  const Interval old = median_interval(before), now = median_interval(after);
  const double ends[] = {relative(old.low, now.low), relative(old.low, now.high), relative(old.high, now.low),
                         relative(old.high, now.high)};
  return {*std::min_element(std::begin(ends), std::end(ends)),
          *std::max_element(std::begin(ends), std::end(ends))};
}

/// Whether the newest value lies so far from its level that chance gives it once in thousands of series. The
/// bound allows for the uncertainty of a deviation found from few values, and for what the value's own
/// samples leave open.
bool leaves_level(const Stretch& level, double newest_error) {
  const std::span<const double> earlier = level.values.first(level.values.size() - 1);
  if (earlier.size() + 1 < least_history) return false;
  const double centre = median(earlier);
  const double deviations = 4 + 16 / static_cast<double>(earlier.size());
  const double distance = std::abs(level.values.back() - centre);
  return distance > deviations * robust_deviation(earlier, centre) && distance > 4 * newest_error;
}

/// How the answers differ from those of the last good result: the first in the window, and after it each one
/// that is significantly better. A result that is worse than that is not good, however little worse than the
/// one before it.
class ByAnswers {
 public:
  explicit ByAnswers(const SeriesHistory& history) : history_(history), newest_(history.values.size() - 1) {
    good_ = newest_;
    for (size_t i = first_in_window(history); i < newest_; ++i) {
      if (history.answers[i].empty()) continue;
      if (good_ == newest_ || direction(i) > 0) good_ = i;
    }
  }

  bool can_judge() const { return good_ < newest_; }

  SeriesVerdict judge(const Threshold& threshold) const {
    SeriesVerdict verdict;
    const std::vector<double>& values = history_.values;
    verdict.before = values[good_];
    verdict.after = values[newest_];
    verdict.change = relative(verdict.before, verdict.after);
    const Interval difference = mcnemar(history_.answers[good_], history_.answers[newest_]).difference;
    for (auto end : {&Interval::low, &Interval::high})  // shares become percent, as the values are
      verdict.change_interval.*end = relative(verdict.before, verdict.before + 100 * difference.*end);
    const int now = direction(newest_);
    verdict.judgement = now < 0 ? Judgement::regressed : now > 0 ? Judgement::improved : Judgement::steady;
    verdict.worth_attention = now != 0 && exceeds(verdict.before, verdict.after, threshold);
    verdict.since = newest_;
    while (now != 0 && verdict.since > good_ + 1 && direction(verdict.since - 1) == now) --verdict.since;
    verdict.confirmed = verdict.since < newest_;
    for (size_t i = good_ + 1; now == 0 && i < newest_; ++i)
      verdict.recovered |= direction(i) < 0 && exceeds(verdict.before, values[i], threshold);
    return verdict;
  }

 private:
  /// 1 if result i is significantly better than the good one, -1 if worse, else or if it is not known 0.
  int direction(size_t i) const {
    if (history_.answers[i].empty()) return 0;
    const PairedShares pairs = mcnemar(history_.answers[good_], history_.answers[i]);
    if (pairs.p > significance_of_answers) return 0;
    return pairs.gained > pairs.lost ? 1 : -1;
  }

  const SeriesHistory& history_;
  size_t newest_, good_ = 0;
};

}  // namespace

std::string to_text(Judgement judgement) {
  switch (judgement) {
    case Judgement::regressed:
      return "regressed";
    case Judgement::improved:
      return "improved";
    case Judgement::steady:
      return "steady";
    case Judgement::unknown:
      break;
  }
  return "unknown";
}

SeriesVerdict judge(const SeriesHistory& history, const Threshold& threshold) {
  SeriesVerdict verdict;
  if (history.values.empty()) return verdict;
  if (!history.answers.empty() && !history.answers.back().empty())
    if (const ByAnswers answers(history); answers.can_judge()) return answers.judge(threshold);
  const std::vector<Stretch> levels = levels_of(history);
  const Stretch &baseline = levels.front(), &present = levels.back();
  verdict.before = baseline.centre;
  verdict.after = present.centre;
  verdict.since = present.begin;
  verdict.confirmed = levels.size() > 1;
  verdict.change_interval = interval_of(baseline.values, present.values);
  if (history.values.size() < least_history) return verdict;

  verdict.judgement = Judgement::steady;
  bool changed = verdict.confirmed && baseline.centre != present.centre;
  if (leaves_level(present, history.newest_error)) {
    // One value is no level yet; it is told as what it is.
    const std::span<const double> earlier = present.values.first(present.values.size() - 1);
    const double centre = median(earlier);
    const double newest = present.values.back();
    if (exceeds(centre, newest, threshold)) {
      changed = true;
      verdict.confirmed = false;
      verdict.after = newest;
      verdict.since = history.values.size() - 1;
      verdict.change_interval = interval_of(baseline.values, present.values.last(1));
    }
  }
  verdict.change = relative(verdict.before, verdict.after);
  verdict.worth_attention = changed && exceeds(verdict.before, verdict.after, threshold);
  if (history.direction == Direction::neutral) return verdict;
  if (changed)
    verdict.judgement =
        worse(verdict.before, verdict.after, history.direction) ? Judgement::regressed : Judgement::improved;
  verdict.recovered =
      !verdict.worth_attention && std::any_of(levels.begin(), levels.end(), [&](const Stretch& level) {
        return worse(baseline.centre, level.centre, history.direction) &&
               exceeds(baseline.centre, level.centre, threshold);
      });
  if (verdict.recovered) verdict.judgement = Judgement::steady;
  return verdict;
}

}  // namespace bitsweep

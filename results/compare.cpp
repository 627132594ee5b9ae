#include "results/compare.h"

#include <algorithm>
#include <cmath>

#include "results/significance.h"

namespace bitsweep {
namespace {

/// What is worth attention unless a gate says otherwise: twice what code and data that happen to lie
/// elsewhere in memory may do (see differ in harness/statistics.h); for accuracy the 99 % of MLPerf's closed
/// division.
constexpr Threshold usual_threshold{0.03, false};
constexpr Threshold usual_share_threshold{0.01, false};

constexpr double different = 0.05;  ///< the adjusted p-value that shows a difference

/// Numbers that are the same each time the same thing is done.
const std::vector<std::string> exact_metrics = {
    "weight_bytes", "activation_bytes", "parameters", "nonzeros", "macs", "sqnr", "cosine", "top1_agreement"};
const std::vector<std::string> share_metrics = {"top1", "top5"};

/// Beyond this, in dB, it is fp32's own rounding that differs.
constexpr double most_sqnr = 100;

const Metric* find(const Observed& side, const std::string& name) {
  const auto found = side.metrics.find(name);
  return found == side.metrics.end() || !std::isfinite(found->second.value) ? nullptr : &found->second;
}

/// The threshold as a ratio: 0.03 for 3 %.
double threshold(const Pair& pair, const std::string& metric, Threshold usual, double a) {
  const auto gate = pair.gate.find(metric);
  const Threshold found = gate == pair.gate.end() ? usual : gate->second;
  return found.points ? found.value / std::max(a, 1e-12) : found.value;
}

/// regressed or improved, if `ratio` differs from 1 by the threshold or more and one is better.
std::optional<Verdict> relevant(double ratio, double threshold, Direction direction) {
  // 1.03 - 1 is 0.030000000000000027, 0.97 - 1 is -0.030000000000000027: the limit itself belongs to both.
  if (direction == Direction::neutral || std::abs(ratio - 1) < threshold - 1e-12) return std::nullopt;
  return (ratio > 1) == (direction == Direction::higher_is_better) ? Verdict::improved : Verdict::regressed;
}

class Comparing {
 public:
  explicit Comparing(const std::vector<Pair>& pairs) : pairs_(pairs) {
    for (pair_ = 0; pair_ < pairs_.size(); ++pair_) {
      compare_outcomes();
      if (pair().a.outcome == Outcome::ok && pair().b.outcome == Outcome::ok) compare_metrics();
    }
    judge();
  }
  std::vector<Comparison> take() && { return std::move(list_); }

 private:
  const Pair& pair() const { return pairs_[pair_]; }

  void compare_outcomes() {
    const auto badness = [](Outcome outcome) {
      return outcome == Outcome::ok ? 0 : outcome == Outcome::unsupported ? 1 : 2;
    };
    const Outcome a = pair().a.outcome, b = pair().b.outcome;
    Comparison one{pair_, "outcome"};
    one.text_a = to_text(a);
    one.text_b = to_text(b);
    one.verdict = a == b                    ? Verdict::steady
                  : badness(b) > badness(a) ? Verdict::regressed
                  : badness(b) < badness(a) ? Verdict::improved
                                            : Verdict::changed;
    add(one, Direction::neutral, 0);
  }

  void compare_metrics() {
    const std::string timed = find(pair().a, "latency_p50") != nullptr ? "latency_p50" : "throughput";
    std::vector<std::string> done = {timed};
    compare_samples(timed);
    for (const std::string& name : share_metrics) compare_shares(name);
    for (const std::string& name : exact_metrics) compare_exact(name);
    done.insert(done.end(), share_metrics.begin(), share_metrics.end());
    done.insert(done.end(), exact_metrics.begin(), exact_metrics.end());
    for (const auto& [name, gate] : pair().gate)
      if (std::find(done.begin(), done.end(), name) == done.end())
        name == "throughput" ? compare_samples(name) : compare_single(name);
  }

  /// The metric of both sides; nothing if one lacks it.
  std::optional<Comparison> both(const std::string& name) const {
    const Metric *a = find(pair().a, name), *b = find(pair().b, name);
    if (a == nullptr || b == nullptr) return std::nullopt;
    Comparison one{pair_, name, a->unit, a->value, b->value};
    if (a->value > 0 && b->value > 0) one.ratio = b->value / a->value;
    if (a->value == b->value) one.ratio = 1;
    return one;
  }

  void compare_samples(const std::string& name) {
    auto one = both(name);
    std::vector<double> a = pair().a.round_medians_ns, b = pair().b.round_medians_ns;
    if (!one || a.empty() || b.empty()) return;
    if (name == "throughput")  // a time is the shorter the better
      for (auto* list : {&a, &b})
        for (double& value : *list) value = 1 / value;
    const Ratio ratio = independent_ratio(a, b);
    const RankTest test = mann_whitney(a, b);
    one->ratio = ratio.value;
    one->interval = ratio.interval;
    one->p = test.p;
    one->effect = test.delta;
    add(*one, pair().a.metrics.at(name).direction, threshold(pair(), name, usual_threshold, *one->a));
  }

  void compare_shares(const std::string& name) {
    auto one = both(name);
    if (!one || pair().a.images < 1 || pair().b.images < 1 || *one->a <= 0) return;
    const double a = *one->a / 100, b = *one->b / 100;
    Interval difference;
    if (name == "top1" && same_answers_asked()) {
      const PairedShares pairs = mcnemar(pair().a.right, pair().b.right);
      difference = pairs.difference;
      one->p = pairs.p;
    } else {
      difference = share_difference(a, pair().a.images, b, pair().b.images);
      one->p = two_proportions(a, pair().a.images, b, pair().b.images);
    }
    one->interval = Interval{1 + difference.low / a, 1 + difference.high / a};
    one->ratio = b / a;
    add(*one, Direction::higher_is_better, threshold(pair(), name, usual_share_threshold, *one->a));
  }

  /// Whether both sides have answers to the same images.
  bool same_answers_asked() const {
    return !pair().a.right.empty() && pair().a.right.size() == pair().b.right.size() &&
           pair().a.data_hash == pair().b.data_hash;
  }

  void compare_exact(const std::string& name) {
    auto one = both(name);
    if (!one) return;
    const double limit = threshold(pair(), name, usual_threshold, *one->a);
    const bool rounding = name == "sqnr" && *one->a >= most_sqnr && *one->b >= most_sqnr;
    const auto verdict =
        one->ratio ? relevant(*one->ratio, limit, pair().a.metrics.at(name).direction) : std::nullopt;
    one->verdict = *one->a == *one->b || rounding ? Verdict::steady : verdict.value_or(Verdict::changed);
    add(*one, Direction::neutral, limit);
  }

  void compare_single(const std::string& name) {
    auto one = both(name);
    if (!one) return;
    const double limit = threshold(pair(), name, usual_threshold, *one->a);
    one->verdict = one->ratio && std::abs(*one->ratio - 1) < limit ? Verdict::steady : Verdict::unknown;
    add(*one, Direction::neutral, limit);
  }

  void add(const Comparison& one, Direction direction, double threshold) {
    list_.push_back(one);
    limits_.push_back({direction, threshold});
  }

  /// Adjusts the p-values for their number, and only then judges what was tested.
  void judge() {
    std::vector<double> p;
    for (const Comparison& one : list_)
      if (one.p) p.push_back(*one.p);
    const std::vector<double> adjusted = benjamini_hochberg(p);
    for (size_t i = 0, test = 0; i < list_.size(); ++i) {
      if (!list_[i].p) continue;
      list_[i].p_adjusted = adjusted[test++];
      list_[i].verdict = verdict(list_[i], limits_[i]);
    }
  }

  struct Limit {
    Direction direction;
    double threshold;
  };

  Verdict verdict(const Comparison& one, const Limit& limit) const {
    const Interval interval = *one.interval;
    const bool differ = *one.p_adjusted <= different && (interval.low > 1 || interval.high < 1);
    const auto judged = relevant(*one.ratio, limit.threshold, limit.direction);
    if (differ && judged) return *judged;
    const bool within = interval.low > 1 - limit.threshold && interval.high < 1 + limit.threshold;
    return within || same_images(one) ? Verdict::steady : Verdict::unknown;
  }

  /// Equal shares of the same images: not two draws that happen to agree.
  bool same_images(const Comparison& one) const {
    const Pair& pair = pairs_[one.pair];
    return !one.effect && one.a == one.b && pair.a.data_hash == pair.b.data_hash &&
           pair.a.images == pair.b.images;
  }

  const std::vector<Pair>& pairs_;
  size_t pair_ = 0;
  std::vector<Comparison> list_;
  std::vector<Limit> limits_;  ///< of each comparison
};

}  // namespace

std::string to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::regressed:
      return "regressed";
    case Verdict::improved:
      return "improved";
    case Verdict::steady:
      return "steady";
    case Verdict::changed:
      return "changed";
    case Verdict::unknown:
      break;
  }
  return "unknown";
}

std::vector<Comparison> compare(const std::vector<Pair>& pairs) {
  return Comparing(pairs).take();
}

}  // namespace bitsweep

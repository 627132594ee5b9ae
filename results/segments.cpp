#include "results/segments.h"

#include <algorithm>
#include <utility>

#include "results/step_test.h"

namespace bitsweep {
namespace {

constexpr int64_t long_stretch = 60, shortest_piece = 32;
constexpr double share_of_pieces = 0.3;  // of the significance

std::span<const double> part(std::span<const double> values, int64_t first, int64_t last) {
  return values.subspan(static_cast<size_t>(first), static_cast<size_t>(last - first));
}

class Search {
 public:
  Search(std::span<const double> values, std::span<const double> weights, int64_t minimum_segment,
         double significance, double widening)
      : values_(values),
        weights_(weights),
        minimum_segment_(minimum_segment),
        significance_(significance),
        widening_(widening) {}

  /// All cuts, placed.
  std::vector<Cut> cuts() const {
    std::vector<Cut> cuts;
    cut(0, static_cast<int64_t>(values_.size()), cuts);
    if (cuts.size() > 1) keep_significant(cuts);
    place(cuts);
    return cuts;
  }

 private:
  void cut(int64_t first, int64_t last, std::vector<Cut>& cuts) const {
    if (last - first < 2 * minimum_segment_) return;
    const bool is_long = last - first > long_stretch;
    const std::vector<double> scores = rank_scores(part(values_, first, last));
    Step step = most_likely_step(scores, part(weights_, first, last), minimum_segment_, widening_);
    if (step.p_value > significance_ * (is_long ? 1 - share_of_pieces : 1)) {
      if (!is_long || !find_in_pieces(scores, part(weights_, first, last), step)) return;
    }
    const int64_t position = first + step.position;
    cut(first, position, cuts);
    cuts.push_back({position, step.p_value});
    cut(position, last, cuts);
  }

  bool find_in_pieces(std::span<const double> scores, std::span<const double> weights, Step& found) const {
    const auto count = static_cast<int64_t>(scores.size());
    int64_t pieces = 0;
    Step best;
    for (int64_t length = shortest_piece; length < count; length *= 2)
      for (int64_t first = 0; first + length / 2 < count; first += length / 2, ++pieces) {
        const int64_t last = std::min(first + length, count);
        Step step = most_likely_step(part(scores, first, last), part(weights, first, last), minimum_segment_,
                                     widening_);
        step.position += first;
        if (step.p_value < best.p_value) best = step;
      }
    found = best;
    return best.p_value * static_cast<double>(pieces) <= share_of_pieces * significance_;
  }

  /// Between its neighbours a cut is seen without the other changes: the least significant one goes while it
  /// fails.
  void keep_significant(std::vector<Cut>& cuts) const {
    while (!cuts.empty()) {
      for (size_t i = 0; i < cuts.size(); ++i) {
        const auto [first, last] = around(cuts, i);
        const Step step = most_likely_step(rank_scores(part(values_, first, last)),
                                           part(weights_, first, last), minimum_segment_, widening_);
        if (step.p_value < 1) cuts[i].position = first + step.position;
        cuts[i].p_value = step.p_value;
      }
      const auto worst = std::max_element(cuts.begin(), cuts.end(),
                                          [](const Cut& a, const Cut& b) { return a.p_value < b.p_value; });
      if (worst->p_value <= significance_) return;
      cuts.erase(worst);
    }
  }

  void place(std::vector<Cut>& cuts) const {
    for (size_t i = 0; i < cuts.size(); ++i) {
      const auto [first, last] = around(cuts, i);
      cuts[i].position = first + place_step(part(values_, first, last), part(weights_, first, last),
                                            cuts[i].position - first, minimum_segment_);
    }
  }

  /// From the cut before to the cut after.
  std::pair<int64_t, int64_t> around(const std::vector<Cut>& cuts, size_t i) const {
    return {i == 0 ? 0 : cuts[i - 1].position,
            i + 1 == cuts.size() ? static_cast<int64_t>(values_.size()) : cuts[i + 1].position};
  }

  std::span<const double> values_, weights_;
  int64_t minimum_segment_;
  double significance_, widening_;
};

}  // namespace

std::vector<Cut> cut_into_segments(std::span<const double> values, std::span<const double> weights,
                                   int64_t minimum_segment, double significance) {
  if (values.size() < static_cast<size_t>(2 * minimum_segment)) return {};
  const std::vector<Cut> cuts = Search(values, weights, minimum_segment, significance, 1).cuts();
  const double widening = noise_widening(rank_scores(values), positions(cuts));
  if (cuts.empty() || widening == 1) return cuts;
  return Search(values, weights, minimum_segment, significance, widening).cuts();
}

std::vector<int64_t> positions(const std::vector<Cut>& cuts) {
  std::vector<int64_t> list;
  for (const Cut& cut : cuts) list.push_back(cut.position);
  return list;
}

}  // namespace bitsweep

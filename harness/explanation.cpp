#include "harness/explanation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/layer_evidence.h"

namespace bitsweep {
namespace {

constexpr double worth_a_word = 0.02;  // share of the time below which nothing is said
constexpr size_t most_names = 3;

using Layers = std::vector<LayerRecord>;

template <class Condition>
Layers layers_where(const Layers& layers, Condition condition) {
  Layers found;
  std::copy_if(layers.begin(), layers.end(), std::back_inserter(found), condition);
  return found;
}

/// "conv1, fc and 3 more", the longest first.
std::string names_of_longest(Layers layers) {
  std::sort(layers.begin(), layers.end(),
            [](const LayerRecord& a, const LayerRecord& b) { return a.time_ns > b.time_ns; });
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(layers.size(), most_names); ++i) names.push_back(layers[i].name);
  const std::string text = fmt::format("{}", fmt::join(names, ", "));
  return layers.size() > most_names ? fmt::format("{} and {} more", text, layers.size() - most_names) : text;
}

class Explanation {
 public:
  Explanation(const Result& variant, const Result* baseline, const Ratio* ratio)
      : variant_(variant), baseline_(baseline), ratio_(ratio), time_ns_(layers_time_ns(variant.layers)) {}

  std::vector<std::string> sentences() {
    speed();
    conversions();
    fallbacks();
    unfused();
    missing_instructions();
    unused_instructions();
    distance_to_ceilings();
    memory_bound();
    slower_layers();
    zeros();
    return std::move(sentences_);
  }

 private:
  template <class... Values>
  void say(fmt::format_string<Values...> format, Values&&... values) {
    sentences_.push_back(fmt::format(format, std::forward<Values>(values)...));
  }

  bool has(const char* extension) const {
    const auto& isa = variant_.machine.isa;
    return std::find(isa.begin(), isa.end(), extension) != isa.end();
  }
  bool pruned() const { return variant_.run.pruning.method != "none"; }
  const char* name_of_baseline() const {
    return baseline_->run.precision == variant_.run.precision ? "the dense run" : "fp32";
  }
  double share_of(const Layers& layers) const { return time_ns_ > 0 ? layers_time_ns(layers) / time_ns_ : 0; }

  void speed() {
    if (ratio_ == nullptr) {
      say("nothing was measured beside it to compare with; right is an experiment that has {} in the same "
          "block",
          pruned() ? "the run without pruning" : "the fp32 run");
      return;
    }
    if (const auto disturbed = variant_.evidence.find("disturbed"); disturbed != variant_.evidence.end()) {
      say("{} the speed of {}, but not to be trusted, for {}; measure it again on a quiet node",
          to_text(*ratio_), name_of_baseline(), disturbed->second);
      return;
    }
    if (differ(*ratio_))
      say("{} the speed of {}, from {} rounds", to_text(*ratio_), name_of_baseline(), ratio_->rounds);
    else
      say("its speed is not told from that of {}: {}, from {} rounds", name_of_baseline(), to_text(*ratio_),
          ratio_->rounds);
  }

  /// What the engine adds between layers because of the number format.
  void conversions() {
    const Layers found = layers_where(variant_.layers, between_layers);
    if (const double share = share_of(found); share >= worth_a_word)
      say("{:.0f} % of the time goes to converting numbers and layouts ({})", 100 * share,
          names_of_longest(found));
  }

  void fallbacks() {
    const Layers found =
        layers_where(variant_.layers, [](const LayerRecord& layer) { return fallback(layer).has_value(); });
    if (!found.empty())
      say("{:.0f} % of the time is in layers without a fast kernel: {} ({})", 100 * share_of(found),
          names_of_longest(found), found.front().implementation);
  }

  void unfused() {
    const Layers found = layers_where(variant_.layers, [](const LayerRecord& layer) {
      static const std::set<std::string> elementwise = {"relu",         "leaky_relu", "clip", "sigmoid",
                                                        "hard_sigmoid", "hard_swish", "silu", "add",
                                                        "multiply",     "batchnorm"};
      return elementwise.count(layer.kind) > 0;
    });
    if (const double share = share_of(found); share >= worth_a_word)
      say("{:.0f} % of the time goes to layers that stand alone and could be part of their neighbours: {}",
          100 * share, names_of_longest(found));
  }

  /// What the CPU's instructions are does not matter to an engine on a device.
  bool on_a_device() const { return variant_.evidence.count("device") > 0; }

  void missing_instructions() {
    if (on_a_device()) return;
    if (variant_.run.precision == Precision::int8 && !has("avx512_vnni") && !has("avx_vnni") &&
        !has("amx_int8"))
      say("the CPU has no VNNI or AMX: a product of int8 takes three instructions, and weights only 7 bits");
    if (variant_.evidence.count("emulated") > 0)
      say("{} is emulated here: {}", to_text(variant_.run.precision), variant_.evidence.at("emulated"));
  }

  /// The best that the CPU has for this precision may be closed to the engine, or to some layers.
  void unused_instructions() {
    if (on_a_device()) return;
    struct Unit {
      Precision precision;
      const char* cpu;     ///< as in Machine::isa
      const char* engine;  ///< part of LayerRecord::isa
    };
    static constexpr Unit best_first[] = {
        {Precision::int8, "amx_int8", "amx"},     {Precision::int8, "avx512_vnni", "vnni"},
        {Precision::int8, "avx_vnni", "vnni"},    {Precision::bf16, "amx_bf16", "amx"},
        {Precision::bf16, "avx512_bf16", "bf16"}, {Precision::fp16, "amx_fp16", "amx"},
        {Precision::fp16, "avx512_fp16", "fp16"}};
    const auto best = std::find_if(std::begin(best_first), std::end(best_first), [&](const Unit& unit) {
      return unit.precision == variant_.run.precision && has(unit.cpu);
    });
    if (best == std::end(best_first)) return;
    const Layers found = layers_where(variant_.layers, [&](const LayerRecord& layer) {
      return layer.macs > 0 && !layer.isa.empty() && layer.isa.find(best->engine) == std::string::npos;
    });
    if (const double share = share_of(found); share >= worth_a_word)
      say("{:.0f} % of the time is in layers that do not use the CPU's {}: {} ({})", 100 * share, best->cpu,
          names_of_longest(found), found.front().isa);
  }

  /// A speed-up is what the ceilings give, times how much nearer to them the layers come.
  void distance_to_ceilings() {
    if (!layers_agree()) return;
    const auto least_ns = [](const Result& result) {
      double sum = 0;
      for (const LayerRecord& layer : result.layers) sum += layer.bound_ns;
      return sum;
    };
    const double own = least_ns(variant_), others = least_ns(*baseline_);
    const double others_time_ns = layers_time_ns(baseline_->layers);
    if (own <= 0 || others <= 0 || time_ns_ <= 0 || others_time_ns <= 0) return;
    const double own_share = own / time_ns_, others_share = others / others_time_ns;
    if (others_share < 0.8 * own_share)
      say("by the ceilings of this node it should be {:.1f} times as fast; it is more because {} comes to "
          "only {:.0f} % of them, and it to {:.0f} %: a weak baseline flatters, hold it against another "
          "engine's",
          others / own, name_of_baseline(), 100 * others_share, 100 * own_share);
    if (own_share > 0.8 * others_share) return;
    say("by the ceilings of this node its layers could be {:.1f} times as fast; they come to {:.0f} % of "
        "them, "
        "those of {} to {:.0f} %",
        others / own, 100 * own_share, name_of_baseline(), 100 * others_share);
  }

  void memory_bound() {
    const Layers found =
        layers_where(variant_.layers, [](const LayerRecord& layer) { return layer.memory_bound; });
    if (const double share = share_of(found); share >= 0.1)
      say("{:.0f} % of the time is in layers bound by memory: faster arithmetic does not help them, fewer "
          "bytes do "
          "({})",
          100 * share, names_of_longest(found));
  }

  /// Whether the layers' times tell the same speed-up as the measured inferences. Where they do not, single
  /// layers explain nothing.
  bool layers_agree() const {
    if (baseline_ == nullptr || ratio_ == nullptr || time_ns_ <= 0) return false;
    const double by_layers = layers_time_ns(baseline_->layers) / time_ns_;
    return std::abs(by_layers / ratio_->value - 1) <= coverage_tolerance;
  }

  bool same_kernels() const {
    const auto &own = variant_.layers, &others = baseline_->layers;
    return std::equal(own.begin(), own.end(), others.begin(), others.end(), [](const auto& a, const auto& b) {
      return a.implementation == b.implementation && a.data_types == b.data_types && a.macs == b.macs;
    });
  }

  /// By name: the layers that both have. Those of equal kernels in equal times are noise.
  void slower_layers() {
    if (!layers_agree() || (same_kernels() && !differ(*ratio_))) return;
    std::map<std::string, double> before;
    for (const LayerRecord& layer : baseline_->layers) before[layer.name] += layer.time_ns;
    const Layers found = layers_where(variant_.layers, [&](const LayerRecord& layer) {
      const auto other = before.find(layer.name);
      return other != before.end() && layer.time_ns > 1.1 * other->second;
    });
    if (const double share = share_of(found); share >= worth_a_word)
      say("{} of {} layers, {:.0f} % of the time, became slower: {}", found.size(), variant_.layers.size(),
          100 * share, names_of_longest(found));
  }

  void zeros() {
    if (!pruned() || baseline_ == nullptr || variant_.layers.empty()) return;
    if (same_kernels())
      say("no gain is to be expected: the same dense kernels ran, none exploits this pattern of zeros{}",
          zeros_in_memory());
    else
      say("other kernels, or other shapes, ran than for the dense network");
    const auto channels = variant_.evidence.find("channels_not_of_16");
    if (channels != variant_.evidence.end() && baseline_->evidence.count("channels_not_of_16") == 0)
      say("pruned to channels that leave vectors of 16 numbers partly empty, in layers {}; the next multiple "
          "of 16 may be as fast",
          channels->second);
  }

  /// ": they lie in memory, 50 % of the packed weights"
  std::string zeros_in_memory() const {
    const Metric* const share = find_metric(variant_, "packed_zero_share");
    return share == nullptr
               ? ""
               : fmt::format("; they lie in memory, {:.0f} % of the packed weights", share->value);
  }

  const Result& variant_;
  const Result* baseline_;
  const Ratio* ratio_;
  double time_ns_;
  std::vector<std::string> sentences_;
};

}  // namespace

std::vector<std::string> explain(const Result& variant, const Result* baseline, const Ratio* ratio) {
  return Explanation(variant, baseline, ratio).sentences();
}

std::string to_text(const Ratio& ratio) {
  return fmt::format("{:.2f}x ({:.2f} to {:.2f})", ratio.value, ratio.interval.low, ratio.interval.high);
}

}  // namespace bitsweep

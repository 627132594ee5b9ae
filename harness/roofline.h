// What the ceilings of a node say of a layer's time: the roofline model (Williams, Waterman and Patterson,
// CACM 52(4), 2009), with a roof for each level of the memory hierarchy.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/backend.h"
#include "harness/ceilings.h"

namespace bitsweep {

/// Of each layer with multiply-accumulates, by name: those that had to be computed at least, see
/// macs_on_image(), over those counted as in the literature. Engines skip padding, and a layer may be faster
/// than all of them could be (1.3 times on images of 2 × 2).
using ComputedShares = std::map<std::string, double>;
ComputedShares computed_shares(const Network& network);

/// The same records without the MACs on padding: what the ceilings are to judge goes through this first.
/// Records of layers that `shares` lacks stay as they are.
std::vector<LayerRecord> without_padding(std::span<const LayerRecord> layers, const ComputedShares& shares);

/// By how much a layer may seem faster than arithmetic allows before it is named: clocks and timers differ
/// from moment to moment.
constexpr double ceiling_tolerance = 0.05;

/// By how much it may seem faster than memory allows: caches keep part of what was read before.
constexpr double memory_tolerance = 0.25;

/// From this share of its roof on a layer counts as bound by it. Far below it is bound by neither, but by
/// what no roof shows: calls, barriers, latencies.
constexpr double near_a_roof = 0.5;

/// The least time of the layer's multiply-accumulates. The type of its weights decides ("u8:s8:u8" is int8),
/// and of several instruction sets the fastest. Nothing for layers without MACs or weights, and for types
/// that this CPU has no instructions for.
std::optional<double> arithmetic_bound_ns(const LayerRecord& layer, const Ceilings& ceilings);

/// The least time of moving the layer's bytes. Whatever was used before may still lie in the caches, so each
/// level may bring as much as it holds: bytes between two measured working sets come with the bandwidth of
/// the smaller one (or of a larger one that was faster), only those beyond the largest with that of memory.
double memory_bound_ns(const LayerRecord& layer, const Ceilings& ceilings);

struct Roof {
  double bound_ns = 0;        ///< the larger one of both bounds
  bool memory_bound = false;  ///< that is the one of memory, and the layer is near_a_roof
  double share = 0;           ///< bound_ns / time_ns: 1 is as fast as this node can; above 1 see too_fast
};

/// Nothing for a layer without time, or with neither MACs nor bytes.
std::optional<Roof> roof(const LayerRecord& layer, const Ceilings& ceilings);

/// All layers of a result.
struct Roofline {
  /// Least time of all arithmetic / time of all layers; nothing if no layer has an arithmetic bound.
  std::optional<double> arithmetic_share;
  double memory_bound_share = 0;  ///< time in memory-bound layers / time of all layers
};

Roofline roofline(std::span<const LayerRecord> layers, const Ceilings& ceilings);

/// What is faster than it can be, in words, or empty: layers that beat arithmetic by more than
/// ceiling_tolerance or memory by more than memory_tolerance, and inferences that come faster than all
/// threads together can compute them. Either the ceilings were measured while something disturbed, or
/// something is not computed or not timed. For the caller to tell apart, by measuring the ceilings again (see
/// raise_ceilings).
///   layers        of one inference, without_padding
///   one           the ceilings of the threads of one session
///   all           those of the threads of all streams
///   inference_ns  from one inference to the next, all streams together
std::string too_fast(std::span<const LayerRecord> layers, const Ceilings& one, const Ceilings& all,
                     double inference_ns);

}  // namespace bitsweep

// From what was measured to the metrics, evidence and notes of a result.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "harness/backend.h"
#include "harness/ceilings.h"
#include "harness/experiment.h"
#include "harness/measure.h"
#include "harness/noise.h"
#include "harness/result.h"
#include "harness/roofline.h"
#include "harness/statistics.h"

namespace bitsweep {

/// Throughput; for one stream also latency, percentiles only with samples enough; what went on in the timed
/// loop; why sampling ended. `inferences_a_sample`: of one batch, behind each sample.
void add_steady_state(Result& result, const Measurement& measurement, int64_t inferences_a_sample,
                      const Measure& how);

/// Medians of what a device spent on the parts of an inference, e.g. compute_p50.
void add_parts(Result& result, const PartTimes& parts_ns);

/// What else went on; `repeated` where a disturbed measurement was taken again.
void add_noise(Result& result, const Noise& noise, bool repeated);

/// `speedup`: of an inference that gets the same images again.
void add_same_images(Result& result, double speedup);

/// The layers of one inference, each timed in context, with what the ceilings allow; shares of the whole, and
/// whether their sum is the time of an inference. `shares`: what the ceilings judge of their MACs.
/// `inference_ns`: the time that the result tells of an inference; nothing where it tells none.
void add_layers(Result& result, std::vector<LayerRecord> layers, const ComputedShares& shares,
                std::optional<double> inference_ns, const Ceilings& ceilings);

/// speedup with its interval.
void add_speedup(Result& result, const Ratio& ratio);

}  // namespace bitsweep

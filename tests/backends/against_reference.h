// A backend's session next to the reference's, on the same images.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/backends.h"
#include "harness/accuracy.h"
#include "harness/backend.h"
#include "harness/compression/quantization.h"
#include "harness/models/seeded.h"
#include "harness/table.h"

namespace bitsweep {

/// Images in ±1, `count` of them.
inline Samples seeded_images(const Shape& shape, int64_t count) {
  Shape all = {count};
  all.insert(all.end(), shape.begin(), shape.end());
  return {shape, count, uniform(std::move(all), -1, 1, 11, 0).values, {}, ""};
}

struct Pair {
  Samples images;  ///< one batch
  std::unique_ptr<Session> reference, engine;
  SessionRequest request;
};

/// Both sessions; for int8 calibrated on the images that are compared.
inline Pair prepare_pair(const Network& network, Precision precision, int64_t batch,
                         const std::string& engine = "onednn") {
  Pair pair;
  pair.images = seeded_images(network.input_shape(), batch);
  pair.request = {.precision = Precision::fp32, .batch = batch, .threads = 2, .ranges = {}};
  pair.reference = reference_backend().prepare(network, pair.request);
  pair.request.precision = precision;
  if (precision == Precision::int8)
    pair.request.ranges = calibrate(*pair.reference, network, pair.images, batch, "minmax");
  pair.engine = pick(backends(), "backend", engine).prepare(network, pair.request);
  return pair;
}

inline std::vector<float> outputs_of(Session& session, const Network& network, const Samples& images) {
  std::vector<float> outputs(static_cast<size_t>(images.count * element_count(network.output_shape())));
  session.infer(images.values, outputs);
  return outputs;
}

/// How near the engine comes to the reference.
inline Fidelity compare(Pair& pair, const Network& network) {
  const std::vector<float> outputs = outputs_of(*pair.engine, network, pair.images);
  const std::vector<float> reference = outputs_of(*pair.reference, network, pair.images);
  return fidelity(outputs, reference, element_count(network.output_shape()));
}

}  // namespace bitsweep

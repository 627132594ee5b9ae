// bitsweep convert: writes a network, pruned and quantised as a run would have it, as a file for other
// programs.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "backends/backends.h"
#include "harness/cli/any_model.h"
#include "harness/cli/verbs.h"
#include "harness/compression/pruning.h"
#include "harness/compression/quantization.h"
#include "harness/datasets/datasets.h"
#include "harness/formats/onnx.h"
#include "harness/formats/safetensors.h"
#include "harness/fusion.h"
#include "harness/machine.h"
#include "harness/result.h"
#include "harness/run.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

constexpr int64_t calibration_images = 64, calibration_batch = 8;  // as runs have it

/// So many, or fewer where `numbers` each would take more than 4 GiB; a file may ask for very large images.
int64_t that_fit(int64_t most, int64_t numbers) {
  return std::clamp((int64_t{1} << 30) / numbers, int64_t{1}, most);
}

int64_t images_for(const Network& network) {
  return that_fit(calibration_images, element_count(network.input_shape()));
}

/// Does not change the ranges.
int64_t batch_for(const Network& network) {
  int64_t numbers = 0;
  for (const Layer& layer : network.layers()) numbers += element_count(layer.shape);
  return that_fit(calibration_batch, numbers);
}

struct Options {
  ModelOptions model;
  std::string out;
  std::string pruning = "none";
  std::string precision = "fp32";
  std::string calibration = "minmax";
  std::string backend = "onednn";
  int64_t batch = 0;
};

/// What the checkpoint tells about itself, such as the command that trained it, and what was done since.
std::map<std::string, std::string> origin_of(const Options& options, const OpenedModel& opened) {
  std::map<std::string, std::string> origin = opened.metadata;
  if (options.pruning != "none")
    for (const char* of_all_weights : {"loss", "top1"}) origin.erase(of_all_weights);
  if (options.pruning != "none" || !origin.contains("pruning")) origin["pruning"] = options.pruning;
  origin["model"] = std::filesystem::path(options.model.model).filename().string();
  origin["weights"] = opened.weights;
  origin["precision"] = options.precision;
  origin["bitsweep"] = this_software().bitsweep;
  return origin;
}

std::vector<Range> calibrated(const Network& network, const Options& options) {
  const Backend& backend = pick(backends(), "backend", options.backend);
  const int64_t batch = batch_for(network);
  const SessionRequest request{Precision::fp32, batch, inspect_machine().physical_cores, {}};
  if (const auto reason = backend.why_not(network, request))
    throw Error(fmt::format("{}: {}", options.backend, *reason));
  const Samples images = pick(datasets(), "dataset", options.model.dataset)
                             .train(network.input_shape(), images_for(network), options.model.seed);
  const auto session = backend.prepare(network, request);
  return calibrate(*session, network, images, batch, options.calibration);
}

void write(const Network& network, const Options& options, std::map<std::string, std::string> origin) {
  OnnxExport with{{}, options.batch, std::move(origin)};
  if (options.precision == "fp32") return write_onnx(options.out, network, with);
  const Network fused = fuse(network);
  with.ranges = calibrated(fused, options);
  with.metadata["calibration"] =
      fmt::format("{} over {} images of {}", options.calibration, images_for(fused), options.model.dataset);
  write_onnx(options.out, fused, with);
}

ExitCode convert(const Options& options) {
  const bool onnx = options.out.ends_with(".onnx");
  if (!onnx && !options.out.ends_with(".safetensors"))
    throw Error(fmt::format("{}: the ending tells no format; right is .onnx or .safetensors", options.out));
  if (options.precision != "fp32" && options.precision != "int8")
    throw Error(fmt::format("--precision: '{}' cannot be written; right is fp32 or int8", options.precision));
  if (!onnx && options.precision != "fp32")
    throw Error(fmt::format("{}: holds fp32 only; right is .onnx for int8", options.out));
  // Also where nothing is calibrated: a name that is mistyped is not what was meant.
  if (options.backend != Options{}.backend) pick(backends(), "backend", options.backend);
  pick(calibration_methods(), "calibration method", options.calibration);
  Pruning pruning;
  parse_value("--prune", options.pruning, pruning);
  OpenedModel opened = open_model(options.model);
  Network& network = opened.network;
  prune(network, pruning, options.model.seed);
  if (onnx) {
    write(network, options, origin_of(options, opened));
  } else {
    Checkpoint checkpoint = checkpoint_of(network);
    checkpoint.metadata = origin_of(options, opened);
    write_safetensors(options.out, checkpoint);
  }
  fmt::print("{}: written, {} layers, weights {} ({})\n", options.out, network.layers().size(),
             opened.weights, weights_hash(network));
  return ExitCode::fine;
}

}  // namespace

Action define_convert(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  define_model(verb, options->model,
               "Images that int8 is calibrated on, and that the shipped checkpoint was trained for");
  verb.add_option("out", options->out, "File to write; its ending decides: .onnx or .safetensors")
      ->required();
  verb.add_option("--prune", options->pruning, "METHOD:RATIO, see `bitsweep list pruning`")
      ->capture_default_str();
  verb.add_option("--precision", options->precision, "fp32, or int8 in QDQ form (ONNX)")
      ->capture_default_str();
  verb.add_option("--calibration", options->calibration,
                  "How int8 chooses ranges, see `bitsweep list calibrations`")
      ->capture_default_str();
  verb.add_option("--backend", options->backend, "Engine that calibrates, in fp32")->capture_default_str();
  verb.add_option("--batch", options->batch, "Batch that the file demands; 0: any")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{0}, int64_t{65'536}));
  return [options] { return convert(*options); };
}

}  // namespace bitsweep

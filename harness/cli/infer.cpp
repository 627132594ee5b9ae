// bitsweep infer: runs a network once on images from a file, so that other programs can check what it gives.
#include <bit>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "backends/backends.h"
#include "harness/cli/any_model.h"
#include "harness/cli/verbs.h"
#include "harness/compression/quantization.h"
#include "harness/fusion.h"
#include "harness/machine.h"
#include "harness/run.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

struct Options {
  ModelOptions model;
  std::string input, output;
  std::string backend = "reference";
  std::string precision = "fp32";
  std::string calibration = "minmax";
  int64_t batch = 1;
  int threads = 0;
};

/// Exactly `count` numbers.
std::vector<float> read_numbers(const std::string& path, int64_t count) {
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) throw Error(fmt::format("{}: cannot be opened; right is a file of raw fp32 numbers", path));
  if (bytes != count * sizeof(float))
    throw Error(fmt::format("{}: has {} bytes; right is {}: {} little-endian fp32 numbers", path, bytes,
                            count * sizeof(float), count));
  std::vector<float> numbers(count);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(bytes)))
    throw Error(fmt::format("{}: cannot be read", path));
  return numbers;
}

void write_numbers(const std::string& path, const std::vector<float>& numbers) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(numbers.data()),
             static_cast<std::streamsize>(numbers.size() * sizeof(float)));
  file.close();
  if (!file)
    throw Error(fmt::format("{}: cannot be written; right is a folder that exists and has room", path));
}

/// For int8: the ranges that the model gives, the others over these very images.
std::vector<Range> ranges_over(const Backend& backend, const Network& network, const Samples& images,
                               SessionRequest request, const std::string& calibration) {
  request.precision = Precision::fp32;
  const auto session = backend.prepare(network, request);
  return calibrate(*session, network, images, request.batch, calibration);
}

void check_output(const Options& options) {
  std::error_code none;
  if (std::filesystem::equivalent(options.input, options.output, none))
    throw Error(fmt::format("--output: '{}' is the input; right is another file", options.output));
}

ExitCode infer(const Options& options) {
  check_output(options);
  const Backend& backend = pick(backends(), "backend", options.backend);
  OpenedModel opened = open_model(options.model);
  const Network network = fuse(std::move(opened.network));
  const Samples images{network.input_shape(),
                       options.batch,
                       read_numbers(options.input, options.batch * element_count(network.input_shape())),
                       {},
                       ""};
  SessionRequest request{pick(precisions(), "precision", options.precision).value,
                         options.batch,
                         options.threads > 0 ? options.threads : inspect_machine().physical_cores,
                         {}};
  if (const auto reason = backend.why_not(network, request))
    throw Error(fmt::format("{}: {}", options.backend, *reason), ExitCode::runs_failed);
  if (request.precision == Precision::int8)
    request.ranges = ranges_over(backend, network, images, request, options.calibration);
  const auto session = backend.prepare(network, request);
  std::vector<float> outputs(options.batch * element_count(network.output_shape()));
  session->infer(images.values, outputs);
  write_numbers(options.output, outputs);
  fmt::print("input {}, output {}, batch {}, {} layers, weights {} ({})\n", to_text(network.input_shape()),
             to_text(network.output_shape()), options.batch, network.layers().size(), opened.weights,
             weights_hash(network));
  return ExitCode::fine;
}

}  // namespace

Action define_infer(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  define_model(verb, options->model, "Data set that the shipped checkpoint was trained for");
  verb.add_option("--input", options->input, "Raw little-endian fp32, [batch, channels, height, width]")
      ->required();
  verb.add_option("--output", options->output, "Raw little-endian fp32 to write, [batch, output shape]")
      ->required();
  verb.add_option("--backend", options->backend, "Engine")->capture_default_str();
  verb.add_option("--precision", options->precision, "fp32, tf32, bf16, fp16 or int8")->capture_default_str();
  verb.add_option("--calibration", options->calibration,
                  "How int8 chooses ranges, over these very images, where the model gives none")
      ->capture_default_str();
  verb.add_option("--batch", options->batch, "Images in the input")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{65'536}));
  verb.add_option("--threads", options->threads, "OpenMP threads; 0: one a physical core")
      ->capture_default_str()
      ->check(CLI::Range(0, most_threads));
  return [options] { return infer(*options); };
}

}  // namespace bitsweep

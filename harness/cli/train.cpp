// bitsweep train: trains a network and writes a checkpoint.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "backends/training.h"
#include "harness/cli/verbs.h"
#include "harness/datasets/datasets.h"
#include "harness/formats/safetensors.h"
#include "harness/machine.h"
#include "harness/models/models.h"
#include "harness/result.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

struct Options {
  std::string model = "mlp";
  std::string dataset = "mnist";
  std::string out;
  TrainingOptions training;
};

/// The command that makes the same checkpoint on the same kind of machine.
std::string command(const Options& options) {
  const TrainingOptions& training = options.training;
  return fmt::format(
      "bitsweep train --model {} --dataset {} --epochs {} --batch {} --lr {} --seed {} --threads {}",
      options.model, options.dataset, training.epochs, training.batch, training.learning_rate, training.seed,
      training.threads);
}

void show(const EpochReport& report, int epochs) {
  fmt::print("epoch {:>3}/{}  loss {:.4f}  top-1 {:.2f} %  {:.0f} images/s  {:.0f} s left\n", report.epoch,
             epochs, report.loss, 100 * report.top1, report.images_per_second, report.remaining_s);
  std::fflush(stdout);
}

Checkpoint checkpoint_with_origin(const Network& network, const Options& options, const EpochReport& last) {
  Checkpoint checkpoint = checkpoint_of(network);
  checkpoint.metadata = {
      {"command", command(options)},
      {"model", options.model},
      {"dataset", options.dataset},
      {"epochs", std::to_string(options.training.epochs)},
      {"seed", std::to_string(options.training.seed)},
      {"loss", fmt::format("{:.4f}", last.loss)},
      {"top1", fmt::format("{:.4f}", last.top1)},
      {"bitsweep", this_software().bitsweep},
  };
  return checkpoint;
}

ExitCode train(Options options) {
  const Train train_network = trainer();
  if (!train_network)
    throw Error("train: this bitsweep was built without oneDNN; install libdnnl-dev and build again");
  const auto folder = std::filesystem::absolute(options.out).parent_path();
  if (!std::filesystem::is_directory(folder))
    throw Error(fmt::format("--out: the folder '{}' does not exist; make it first", folder.string()));
  const Dataset& dataset = pick(datasets(), "dataset", options.dataset);
  Network network = build_model(options.model, options.training.seed);
  if (options.training.threads == 0) options.training.threads = std::max(1, inspect_machine().physical_cores);
  const Samples training = dataset.train(network.input_shape(), 0, options.training.seed);
  const Samples test = dataset.test(network.input_shape(), 0, options.training.seed);
  fmt::print("{}: {} training and {} test images of {}, {} threads\n", options.model, training.count,
             test.count, options.dataset, options.training.threads);
  EpochReport last;
  train_network(network, training, test, options.training, [&](const EpochReport& report) {
    last = report;
    show(report, options.training.epochs);
  });
  write_safetensors(options.out, checkpoint_with_origin(network, options, last));
  fmt::print("{}: written, weights {}\n", options.out, weights_hash(network));
  return ExitCode::fine;
}

}  // namespace

Action define_train(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  TrainingOptions& training = options->training;
  training.threads = 0;
  verb.add_option("--model", options->model, "Network to train")->capture_default_str();
  verb.add_option("--dataset", options->dataset, "Labelled data")->capture_default_str();
  verb.add_option("--epochs", training.epochs, "Passes over the training images")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb.add_option("--batch", training.batch, "Images a step")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb.add_option("--lr", training.learning_rate, "Learning rate")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb.add_option("--seed", training.seed, "Of the first weights and of the images' order")
      ->capture_default_str();
  verb.add_option("--threads", training.threads, "OpenMP threads; 0: one a physical core")
      ->capture_default_str();
  verb.add_option("--out", options->out, "Checkpoint to write (safetensors)")->required();
  return [options] { return train(*options); };
}

}  // namespace bitsweep

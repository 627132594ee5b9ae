// bitsweep train: trains a network and writes a checkpoint.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/training.h"
#include "backends/training_state.h"
#include "harness/cli/verbs.h"
#include "harness/datasets/datasets.h"
#include "harness/formats/safetensors.h"
#include "harness/formats/whole_file.h"
#include "harness/machine.h"
#include "harness/models/models.h"
#include "harness/result.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

struct Options {
  std::string model = "mlp";
  std::string dataset = "mnist";
  std::string from;
  std::string out;
  std::string schedule = schedules().front().name;
  std::string precision = "fp32";
  bool start_anew = false;
  int test_every = 1;
  Recipe recipe;
};

/// The command that makes the same checkpoint on the same kind of machine. Options that change nothing are
/// left out.
std::string command(const Options& options) {
  const Recipe& recipe = options.recipe;
  const Recipe plain;
  std::string text = fmt::format(
      "bitsweep train --model {} --dataset {} --epochs {} --batch {} --lr {} --seed {} --threads {}",
      options.model, options.dataset, recipe.epochs, recipe.batch, recipe.learning_rate, recipe.seed,
      recipe.threads);
  const auto add_unless = [&](bool unchanged, const char* option, const auto& value) {
    if (!unchanged) text += fmt::format(" {} {}", option, value);
  };
  add_unless(options.from.empty(), "--from", options.from);
  add_unless(recipe.schedule == plain.schedule, "--schedule", options.schedule);
  add_unless(recipe.milestones.empty(), "--milestones", fmt::format("{}", fmt::join(recipe.milestones, ",")));
  add_unless(recipe.gamma == plain.gamma, "--gamma", recipe.gamma);
  add_unless(recipe.warmup == plain.warmup, "--warmup", recipe.warmup);
  add_unless(recipe.momentum == plain.momentum, "--momentum", recipe.momentum);
  add_unless(recipe.weight_decay == plain.weight_decay, "--weight-decay", recipe.weight_decay);
  add_unless(recipe.label_smoothing == plain.label_smoothing, "--label-smoothing", recipe.label_smoothing);
  add_unless(recipe.crop == plain.crop, "--crop", recipe.crop);
  if (recipe.flip) text += " --flip";
  add_unless(recipe.precision == plain.precision, "--precision", options.precision);
  return text;
}

void show(const EpochReport& report, int epochs) {
  fmt::print("epoch {:>3}/{}  loss {:.4f}  top-1 {}  {:.0f} images/s  {:.0f} s left\n", report.epoch, epochs,
             report.loss, report.top1 ? fmt::format("{:.2f} %", 100 * *report.top1) : "-",
             report.images_per_second, report.remaining_s);
  std::fflush(stdout);
}

Checkpoint checkpoint_with_origin(const TrainingState& state, const Options& options,
                                  const EpochReport& last) {
  Checkpoint checkpoint = checkpoint_of(state.network);
  checkpoint.metadata = {
      {"command", command(options)},
      {"model", options.model},
      {"dataset", options.dataset},
      {"epochs", std::to_string(options.recipe.epochs)},
      {"seed", std::to_string(options.recipe.seed)},
      {"loss", fmt::format("{:.4f}", last.loss)},
      {"top1", fmt::format("{:.4f}", last.top1.value_or(0))},
      {"bitsweep", this_software().bitsweep},
  };
  return checkpoint;
}

/// The network before its first epoch, or where an earlier execution of the same command stopped.
TrainingState begin_state(const Options& options, const std::string& state_file) {
  const int64_t seed = options.recipe.seed;
  TrainingState state{build_model(options.model, seed), 0, {}};
  if (!options.from.empty()) load_weights(state.network, read_safetensors(options.from), options.from);
  if (options.start_anew || !std::filesystem::exists(state_file)) return state;
  read_state(state_file, state, command(options));
  fmt::print("{}: goes on after epoch {}\n", state_file, state.epochs_done);
  return state;
}

ExitCode train(Options options) {
  const Train train_network = trainer();
  if (!train_network)
    throw Error("train: this bitsweep was built without oneDNN; install libdnnl-dev and build again");
  const std::string state_file = options.out + ".state";
  for (const std::string& file : {options.out, state_file}) check_writable(file);
  Recipe& recipe = options.recipe;
  recipe.schedule = pick(schedules(), "schedule", options.schedule).value;
  parse_value("--precision", options.precision, recipe.precision);
  if (recipe.threads == 0) recipe.threads = std::max(1, inspect_machine().physical_cores);
  const Dataset& dataset = pick(datasets(), "dataset", options.dataset);
  TrainingState state = begin_state(options, state_file);
  check(recipe, state.network.input_shape());
  const Samples training = dataset.train(state.network.input_shape(), 0, recipe.seed);
  const Samples test = dataset.test(state.network.input_shape(), 0, recipe.seed);
  fmt::print("{}: {} training and {} test images of {}, {} threads\n", options.model, training.count,
             test.count, options.dataset, recipe.threads);
  EpochReport last;
  train_network(state, training, test, recipe, options.test_every, [&](const EpochReport& report) {
    last = report;
    show(report, recipe.epochs);
    if (report.epoch < recipe.epochs) write_state(state_file, state, command(options));
  });
  write_safetensors(options.out, checkpoint_with_origin(state, options, last));
  std::filesystem::remove(state_file);
  fmt::print("{}: written, weights {}\n", options.out, weights_hash(state.network));
  return ExitCode::fine;
}

void define_recipe(CLI::App& verb, Options& options) {
  Recipe& recipe = options.recipe;
  recipe.threads = 0;
  const auto add = [&](const char* name, auto& value, const char* meaning) {
    return verb.add_option(name, value, meaning)->capture_default_str();
  };
  add("--epochs", recipe.epochs, "Passes over the training images")->check(CLI::PositiveNumber);
  add("--batch", recipe.batch, "Images a step")->check(CLI::PositiveNumber);
  add("--lr", recipe.learning_rate, "Learning rate")->check(CLI::PositiveNumber);
  add("--schedule", options.schedule,
      "How the learning rate goes on: constant, step (see --milestones) or cosine");
  add("--warmup", recipe.warmup, "Epochs in which the learning rate rises from 0")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--milestones", recipe.milestones, "step: epochs after which the learning rate falls")
      ->delimiter(',');
  add("--gamma", recipe.gamma, "step: by this factor")->check(CLI::PositiveNumber);
  add("--momentum", recipe.momentum, "Of the descent")->check(CLI::Range(0.0, 1.0));
  add("--weight-decay", recipe.weight_decay, "Pull of all parameters towards 0")
      ->check(CLI::NonNegativeNumber);
  add("--label-smoothing", recipe.label_smoothing, "Share of each label that is spread over all classes")
      ->check(CLI::Range(0.0, 1.0));
  add("--crop", recipe.crop, "Pixels by which images are shifted at random, at most")
      ->check(CLI::NonNegativeNumber);
  verb.add_flag("--flip", recipe.flip, "Mirror half of the images");
  add("--precision", options.precision, "Of values and their gradients: fp32 or bf16; weights stay fp32");
  add("--seed", recipe.seed, "Of the first weights, and of the images' order and augmentation");
  add("--threads", recipe.threads, "OpenMP threads; 0: one a physical core")
      ->check(CLI::Range(0, most_threads));
}

}  // namespace

Action define_train(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("--model", options->model, "Network to train")->capture_default_str();
  verb.add_option("--dataset", options->dataset, "Labelled data")->capture_default_str();
  verb.add_option("--from", options->from, "Checkpoint to start from (safetensors); else seeded weights");
  define_recipe(verb, *options);
  verb.add_option("--test-every", options->test_every, "Epochs between two scorings of the test images")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb.add_flag("--new", options->start_anew, "Begin anew although OUT.state holds an unfinished training");
  verb.add_option("--out", options->out, "Checkpoint to write (safetensors); OUT.state until it is finished")
      ->required();
  return [options] { return train(*options); };
}

}  // namespace bitsweep

// Made-up nights of one experiment, to look at reports with and to see how fast they are.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "results/store.h"

namespace bitsweep::examples {

/// What the nights are like.
struct Story {
  int models = 4;
  int runs = 70;  ///< of each model, at most 70: 7 batches, 3 precisions, some pruned
  /// From this night on (from 0) there is another oneDNN, and every 25th run is 12 % slower with it, by one
  /// layer that another kernel runs. Below 0: never.
  int upgrade_night = -1;
  size_t most_samples = 64;
};

/// A database that grows night by night, from where it is on. Latencies have a noise of 1 % from night to
/// night; the first run crashes in the night of the upgrade.
class MadeUpNights {
 public:
  MadeUpNights(const std::string& path, const Story& story);

  /// Returns its session. Nights are a day apart, from 2026-01-01 on.
  int64_t add_night();

 private:
  Result measured(int number);

  std::string path_;
  Story story_;
  Store store_;
  int night_ = 0;
  std::mt19937 random_{1};
};

}  // namespace bitsweep::examples

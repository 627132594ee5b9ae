// How long a report takes: see scripts/benchmark-report.
//   site_speed FOLDER NIGHTS
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include <fmt/format.h>

#include "tests/results/made_up_nights.h"

using namespace bitsweep;

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "site_speed FOLDER NIGHTS\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const int nights = std::stoi(argv[2]);
  examples::Story story;
  story.models = argc > 3 ? std::stoi(argv[3]) : 50;
  story.most_samples = 16;
  story.upgrade_night = nights - 1;
  examples::MadeUpNights made_up((folder / "nights.sqlite").string(), story);
  const auto begin = std::chrono::steady_clock::now();
  for (int night = 0; night < nights; ++night) {
    made_up.add_night();
    if (night % 10 == 9)
      fmt::print(stderr, "{} nights, {:.0f} s\n", night + 1,
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return 0;
}

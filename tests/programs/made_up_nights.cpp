// Writes a database of made-up nights, or adds nights to it: for scripts/benchmark-report and the test of the
// report in a browser. In the last of them there is another oneDNN, some runs are slower, and one crashes.
//   made_up_nights DATABASE NIGHTS MODELS     70 runs a model
#include "tests/results/made_up_nights.h"

#include <string>

#include <fmt/format.h>

using namespace bitsweep;

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "made_up_nights DATABASE NIGHTS MODELS\n");
    return 2;
  }
  const int nights = std::stoi(argv[2]);
  examples::Story story;
  story.models = std::stoi(argv[3]);
  story.most_samples = 16;
  story.upgrade_night = nights - 1;
  examples::MadeUpNights made_up(argv[1], story);
  for (int night = 0; night < nights; ++night) {
    made_up.add_night();
    if (night % 20 == 19) fmt::print(stderr, "{} of {} nights\n", night + 1, nights);
  }
  return 0;
}

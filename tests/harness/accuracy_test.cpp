#include "harness/accuracy.h"

#include <cmath>
#include <limits>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

/// Doubles its input, and keeps how it was called.
class Doubler : public Session {
 public:
  void infer(std::span<const float> input, std::span<float> output) override {
    ++calls;
    last_input.assign(input.begin(), input.end());
    for (size_t i = 0; i < output.size(); ++i) output[i] = 2 * input[i];
  }
  void trace(std::span<const float>, const Observer&) override {}
  std::vector<LayerRecord> profile(std::span<const float>, int) override { return {}; }
  int64_t weight_bytes() const override { return 0; }
  int64_t activation_bytes() const override { return 0; }

  int calls = 0;
  std::vector<float> last_input;
};

Fidelity far(double sqnr_db) {
  return {sqnr_db, 1, 1, 0};
}

}  // namespace

TEST_CASE("accuracy: top-k counts the labels among the k largest, ties going to the lower class") {
  const std::vector<float> outputs = {1, 3, 2, /**/ 5, 5, 0, /**/ 0, 0, 0};
  CHECK(top_k(outputs, std::vector<int32_t>{1, 0, 0}, 1) == 1);
  CHECK(top_k(outputs, std::vector<int32_t>{2, 1, 1}, 1) == 0);
  CHECK(top_k(outputs, std::vector<int32_t>{2, 1, 2}, 2) == Approx(2.0 / 3));
  CHECK(top_k(outputs, std::vector<int32_t>{0, 2, 2}, 3) == 1);
}

TEST_CASE("accuracy: which answers are right is kept in the order of the images") {
  const std::vector<float> outputs = {1, 3, 2, /**/ 5, 5, 0, /**/ not_a_number, 0, 0};
  CHECK(right_answers(outputs, std::vector<int32_t>{1, 1, 0}) == std::vector<bool>{true, false, false});
  CHECK(right_answers(outputs, std::vector<int32_t>{2, 0, 1}) == std::vector<bool>{false, true, false});
  CHECK(right_answers({}, {}).empty());
}

TEST_CASE("accuracy: an output that is not a number is never right") {
  CHECK(top_k(std::vector<float>{not_a_number, 1, 2}, std::vector<int32_t>{0}, 1) == 0);
  CHECK(top_k(std::vector<float>{not_a_number, 1, 2}, std::vector<int32_t>{2}, 1) == 0);
}

TEST_CASE("accuracy: fidelity has the values of its formulas") {
  const std::vector<float> reference = {3, 4, 0, 0}, outputs = {3, 4, 0, 0.5};
  const Fidelity result = fidelity(outputs, reference, 2);
  CHECK(result.sqnr_db == Approx(10 * std::log10(25 / 0.25)));
  CHECK(result.cosine == Approx(25 / std::sqrt(25 * 25.25)));
  CHECK(result.top1_agreement == 0.5);
  CHECK(result.max_error == 0.5);
}

TEST_CASE("accuracy: equal outputs have the greatest fidelity, also where all are zero") {
  for (const std::vector<float>& values : {std::vector<float>{1, 2}, {0, 0}}) {
    const Fidelity result = fidelity(values, values, 2);
    CHECK(result.sqnr_db == 300);
    CHECK(result.cosine == Approx(1));
    CHECK(result.top1_agreement == 1);
    CHECK(result.max_error == 0);
  }
}

TEST_CASE("accuracy: outputs that are not finite have the least fidelity, in finite numbers") {
  for (const float bad : {not_a_number, infinite}) {
    const Fidelity result = fidelity(std::vector<float>{1, bad}, std::vector<float>{1, 2}, 2);
    CHECK(result.sqnr_db == -300);
    CHECK(result.cosine == 0);
    CHECK(result.top1_agreement == 0);
    CHECK(std::isfinite(result.max_error));
  }
}

TEST_CASE("accuracy: all images are inferred in batches, the last filled up with its first image") {
  const Network network("net", {1, 1, 2});
  const Samples images{{1, 1, 2}, 5, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {}, ""};
  Doubler session;
  CHECK(infer_all(session, network, images, 3) == std::vector<float>{2, 4, 6, 8, 10, 12, 14, 16, 18, 20});
  CHECK(session.calls == 2);
  CHECK(session.last_input == std::vector<float>{7, 8, 9, 10, 7, 8});
}

TEST_CASE("accuracy: outputs that cannot be believed are told why") {
  const std::vector<float> good = {1, 2, 3, 4, 5, 6};
  CHECK(implausible(good, good, 2).empty());
  CHECK_THAT(implausible(std::vector<float>{1, not_a_number, infinite, 2}, good, 2),
             ContainsSubstring("2 of 4 outputs are not finite"));
  CHECK_THAT(implausible(std::vector<float>{1, 2, 1, 2}, good, 2),
             ContainsSubstring("the same for every image"));
  CHECK(implausible(std::vector<float>{1, 2}, good, 2).empty());
}

TEST_CASE("accuracy: outputs that are right for the first images only are found out") {
  const std::vector<float> good = {1, 2, 3, 4};
  std::vector<float> outputs = good;
  outputs.resize(200, 0.0F);
  CHECK_THAT(implausible(outputs, good, 2), ContainsSubstring("196 of 200 outputs are zero"));
  for (size_t i = 4; i < outputs.size(); ++i) outputs[i] = 7;
  CHECK_THAT(implausible(outputs, good, 2), ContainsSubstring("the same for 98 of 100 images"));
}

TEST_CASE(
    "accuracy: equal outputs are not believed whoever is to blame, zeros and ones where the reference has "
    "them") {
  const std::vector<float> equal = {1, 2, 1, 2};
  CHECK_THAT(implausible(equal, equal, 2), ContainsSubstring("so are the reference's: it is the network"));
  const std::vector<float> decided = {0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1};
  CHECK(implausible(decided, decided, 4).empty());
}

TEST_CASE("accuracy: each precision has its own floor under the fidelity") {
  const auto [precision, floor] = GENERATE(table<Precision, double>(
      {{Precision::fp32, 60}, {Precision::fp16, 30}, {Precision::bf16, 15}, {Precision::int8, 8}}));
  CHECK(too_far(far(floor), precision).empty());
  CHECK_THAT(too_far(far(floor - 0.1), precision), ContainsSubstring("SQNR to the reference is"));
  CHECK_FALSE(too_far(far(not_a_number), precision).empty());
}

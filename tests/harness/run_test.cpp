#include "harness/run.h"

#include "harness/error.h"
#include "tests/catch.h"

using namespace bitsweep;

namespace {

Run example() {
  Run run;
  run.model = "resnet50";
  run.precision = Precision::int8;
  run.pruning = {"magnitude", 0.5};
  run.batch = 16;
  run.threads = {4};
  return run;
}

std::string message(const std::string& field, const std::string& text) {
  Run run;
  try {
    set_field(run, field, text);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("run: the canonical text names what differs from the defaults, in the order of the fields") {
  CHECK(canonical_text(Run()).empty());
  CHECK(canonical_text(example()) ==
        "model=resnet50 precision=int8 pruning=magnitude:0.5 batch=16 threads=4");
}

// A change here orphans every stored result: it needs a new default for the new field, never a new id.
TEST_CASE("run: ids are pinned") {
  Run run;
  run.model = "mlp";
  CHECK(run_id(run) == "bb463923176e");
  run.dataset = "mnist";
  CHECK(run_id(run) == "5948bb43db8e");
  CHECK(run_id(example()) == "3a41140813a9");
}

TEST_CASE("run: every field tells runs apart") {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"model", "vgg16"}, {"backend", "reference"}, {"precision", "bf16"},      {"pruning", "magnitude:0.1"},
      {"batch", "2"},     {"dataset", "mnist"},     {"checkpoint", "seeded"},   {"threads", "1"},
      {"streams", "2"},   {"caches", "cold"},       {"calibration", "entropy"}, {"seed", "2"}};
  REQUIRE(changes.size() == field_names().size());
  for (const auto& [name, text] : changes) {
    Run run;
    set_field(run, name, text);
    INFO(name);
    CHECK(field(run, name) == text);
    CHECK(run != Run());
    CHECK(run_id(run) != run_id(Run()));
  }
}

TEST_CASE("run: all fields as text are each field as text") {
  const std::vector<std::string> texts = field_texts(example());
  REQUIRE(texts.size() == field_names().size());
  for (size_t i = 0; i < texts.size(); ++i) CHECK(texts[i] == field(example(), field_names()[i]));
}

TEST_CASE("run: one ratio has one text") {
  Run run;
  for (const std::string text : {"magnitude:0.50", "magnitude:.5", "magnitude:5e-1"}) {
    set_field(run, "pruning", text);
    CHECK(field(run, "pruning") == "magnitude:0.5");
  }
  set_field(run, "pruning", "magnitude:-0");
  CHECK(field(run, "pruning") == "magnitude:0");
}

TEST_CASE("run: threads are a number or physical") {
  Run run;
  CHECK(field(run, "threads") == "physical");
  set_field(run, "threads", "8");
  CHECK(run.threads.count == 8);
  set_field(run, "threads", "physical");
  CHECK(run.threads.count == 0);
}

TEST_CASE("run: a value that does not fit its field is told with the field's name") {
  CHECK(message("batch", "0") == "batch '0' does not fit; right is a whole number, 1 or more");
  CHECK(message("seed", " 1") == "seed ' 1' does not fit; right is a whole number, 1 or more");
  CHECK(message("model", "") == "model is empty; right is a name");
  CHECK(message("model", "a\nb") == "model holds a control character; right is one line of plain text");
  CHECK(message("pruning", "magnitude:nan") ==
        "pruning ratio 'nan' does not fit; right is 0 or more and below 1, such as 0.5");
  CHECK(message("threads", "1025") == "threads '1025' does not fit; right is 1 to 1024, or physical");
}

TEST_CASE("run: an unknown field is told with the one that was meant") {
  CHECK_THAT(message("bach", "1"),
             ContainsSubstring("unknown field 'bach'; did you mean 'batch'? known: model"));
  CHECK_THROWS_AS(field(Run(), "bach"), Error);
}

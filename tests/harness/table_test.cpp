#include "harness/table.h"

#include "tests/catch.h"

using namespace bitsweep;

namespace {

struct Thing {
  std::string name;
  int value = 0;
};
const std::vector<Thing> things = {{"fp32", 1}, {"bf16", 2}, {"int8", 3}};
const std::vector<std::string> names = {"fp32", "bf16", "int8"};

}  // namespace

TEST_CASE("table: an entry is picked by its name") {
  CHECK(pick(things, "thing", "bf16").value == 2);
}

TEST_CASE("table: an unknown name is told with the nearest and the known ones") {
  try {
    pick(things, "thing", "fp23");
    FAIL("picked an unknown name");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "unknown thing 'fp23'; did you mean 'fp32'? known: fp32, bf16, int8");
  }
  CHECK(unknown_name("thing", "quadruple", names) == "unknown thing 'quadruple'; known: fp32, bf16, int8");
}

TEST_CASE("table: a name is near only within a third of its letters") {
  CHECK(nearest("in8", names) == "int8");
  CHECK(nearest("double", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest("precison", std::vector<std::string>{"pruning", "precision"}) == "precision");
}

TEST_CASE("table: capitals and swapped neighbours are near") {
  CHECK(nearest("INT8", names) == "int8");
  CHECK(nearest("fp23", names) == "fp32");
  CHECK(nearest("itn8", names) == "int8");
}

TEST_CASE("table: of names equally near the first is taken") {
  CHECK(nearest("ax", std::vector<std::string>{"ay", "az"}) == "ay");
}

TEST_CASE("table: names keep the order of the table") {
  CHECK(names_of(things) == names);
}

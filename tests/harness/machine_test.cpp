#include "harness/machine.h"

#include <nlohmann/json.hpp>
#include <omp.h>

#include "harness/placement.h"
#include "tests/catch.h"

using namespace bitsweep;

TEST_CASE("machine: this node is described") {
  const Machine machine = inspect_machine();
  CHECK_FALSE(machine.cpu.empty());
  CHECK_FALSE(machine.host.empty());
  CHECK_FALSE(machine.kernel.empty());
  CHECK(machine.memory_bytes > 0);
  CHECK(machine.logical_cores == static_cast<int>(process_cores().size()));
  CHECK(machine.physical_cores >= 1);
  CHECK(machine.physical_cores <= machine.logical_cores);
}

TEST_CASE("machine: where OpenMP binds threads, the cores are those of all of them") {
  const Machine machine = inspect_machine();
  CHECK(machine.logical_cores >= omp_get_num_procs());
  CHECK(machine.physical_cores >= omp_get_num_places());
}

TEST_CASE("machine: the class does not depend on the host, and depends on what decides speed") {
  Machine machine = inspect_machine();
  const std::string before = machine_class(machine);
  machine.host += "-other";
  machine.kernel += "-other";
  CHECK(machine_class(machine) == before);
  machine.physical_cores += 1;
  CHECK(machine_class(machine) != before);
}

TEST_CASE("machine: a description survives the way through JSON") {
  const Machine machine = inspect_machine();
  CHECK(nlohmann::json(machine).get<Machine>() == machine);
}

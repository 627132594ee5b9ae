#include "harness/cli/database_option.h"

namespace bitsweep {

void add_database_option(CLI::App& verb, std::string& path) {
  path = "bitsweep.sqlite";
  verb.add_option("--db", path, "The database")
      ->envname("BITSWEEP_DB")
      ->type_name("FILE")
      ->capture_default_str();
}

}  // namespace bitsweep

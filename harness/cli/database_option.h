// The option --db, the same for all verbs.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace bitsweep {

/// Adds --db FILE. Its default is the environment variable BITSWEEP_DB, or else bitsweep.sqlite in the
/// current folder. `path` must live as long as the verb.
void add_database_option(CLI::App& verb, std::string& path);

}  // namespace bitsweep

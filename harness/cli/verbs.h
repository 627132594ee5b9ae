// The verbs: one file each, one line in the table of main.cpp.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "harness/error.h"

namespace bitsweep {

/// What a verb does once its options are parsed.
using Action = std::function<ExitCode()>;

/// Each adds its options to its subcommand and returns what to do.
Action define_plan(CLI::App& verb);
Action define_run(CLI::App& verb);
Action define_nightly(CLI::App& verb);
Action define_regressions(CLI::App& verb);
Action define_accept(CLI::App& verb);
Action define_explain(CLI::App& verb);
Action define_query(CLI::App& verb);
Action define_trend(CLI::App& verb);
Action define_compare(CLI::App& verb);
Action define_report(CLI::App& verb);
Action define_merge(CLI::App& verb);
Action define_export(CLI::App& verb);
Action define_import(CLI::App& verb);
Action define_db(CLI::App& verb);
Action define_train(CLI::App& verb);
Action define_convert(CLI::App& verb);
Action define_infer(CLI::App& verb);
Action define_list(CLI::App& verb);
Action define_schema(CLI::App& verb);
Action define_doctor(CLI::App& verb);
/// Hidden: serves blocks to its parent process, see harness/isolate.h.
Action define_execute(CLI::App& verb);

}  // namespace bitsweep

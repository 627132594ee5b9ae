// How a command ends badly: one exception type, one exit code each.
#pragma once

#include <stdexcept>
#include <string>

namespace bitsweep {

/// What the process returns; scripts and CI jobs tell these apart.
enum class ExitCode : int {
  fine = 0,
  regression = 1,   ///< a gate was broken
  usage = 2,        ///< bad command line, experiment or input file
  runs_failed = 3,  ///< some runs did not end `ok` or `unsupported`
  nothing_run = 4,  ///< the plan was empty
  database = 5,     ///< the database cannot be used
};

/// Ends a command. The message reads "place: what is wrong; what would be right".
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ExitCode code = ExitCode::usage)
      : std::runtime_error(message), code_(code) {}

  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace bitsweep

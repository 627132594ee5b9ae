// Results that other programs measured.
#pragma once

#include <string>
#include <vector>

#include "harness/result.h"

namespace bitsweep {

/// A format that is read. Its results get a backend of this name, which none of ours has, so that they are
/// never in a series with ours.
struct ForeignFormat {
  std::string name;  ///< also the backend
  std::string meaning;
  /// `text` is the whole file, `place` its name for messages. Throws Error if it is not of the format.
  std::vector<Result> (*read)(const std::string& text, const std::string& place) = nullptr;
};

/// google-benchmark, onnxruntime-perf-test and mlperf-loadgen.
const std::vector<ForeignFormat>& foreign_formats();

struct Imported {
  int64_t session = 0;
  size_t results = 0;
  bool known = false;  ///< the same file had been imported into this experiment: nothing was done
};

/// Reads a file into a session of its own. `fields` are "NAME=VALUE" of what the file does not tell of its
/// runs (model, precision, batch, ...). Throws Error for a file or field that does not fit; then nothing is
/// stored.
Imported import_file(const std::string& database, const std::string& path, const std::string& format,
                     const std::string& experiment, const std::vector<std::string>& fields);

}  // namespace bitsweep

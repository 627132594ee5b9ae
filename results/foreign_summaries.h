// Summaries of one measurement, a "NAME: VALUE" a line.
#pragma once

#include <string>
#include <vector>

#include "harness/result.h"

namespace bitsweep {

/// What onnxruntime_perf_test prints, with -s or without. The model is called as the file. Source of the
/// format: onnxruntime/test/perftest of ONNX Runtime 1.20.
std::vector<Result> read_onnxruntime_perf_test(const std::string& text, const std::string& place);

/// mlperf_log_summary.txt. The model is "SUT NAME:SCENARIO". Only SingleStream's latencies are those of one
/// query on an idle system and called latency; others begin when the query was due and are called
/// query_latency. A result that LoadGen calls INVALID is `failed`. Source of the format: loadgen/results.cc
/// of MLPerf inference.
std::vector<Result> read_mlperf_summary(const std::string& text, const std::string& place);

}  // namespace bitsweep

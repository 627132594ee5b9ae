#!/usr/bin/env bash
# Plants each kind of mistake in a copy of the sources, and expects scripts/check to tell it at its place.
set -euo pipefail
source_root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$source_root"/{harness,backends,results,scripts,experiments} "$copy"
mkdir "$copy/tests"

failed=0

# planted FILE TEXT EXPECTED : adds TEXT to the end of FILE, expects EXPECTED in what is told, and takes it back.
planted() {
  local file=$copy/$1 told status=0 existed=false
  if [ -f "$file" ]; then
    existed=true
    cp "$file" "$copy/kept"
  fi
  printf '%s\n' "$2" >> "$file"
  told=$("$copy/scripts/check" --layers 2>&1) || status=$?
  if [ $status -ne 1 ] || [[ $told != *"$3"* ]]; then
    printf 'planted in %s: %s\n  expected: %s\n  told (exit code %d): %s\n' "$1" "$2" "$3" $status "$told" >&2
    failed=1
  fi
  if $existed; then mv "$copy/kept" "$file"; else rm "$file"; fi
}

"$copy/scripts/check" --layers >/dev/null || { echo 'the sources themselves are wrong' >&2; exit 1; }

line=$(($(wc -l < "$copy/harness/plan.cpp") + 1))
planted harness/plan.cpp '#include "results/store.h"' "harness/plan.cpp:$line: harness knows neither backends nor results"
planted harness/plan.cpp '#include "backends/backends.h"' "harness/plan.cpp:$line: harness knows neither"
planted harness/plan.cpp '  #  include <results/store.h>' "harness/plan.cpp:$line: harness knows neither"
planted harness/plan.cpp '#include "../results/store.h"' "harness/plan.cpp:$line: a relative path hides the layer"
planted harness/plan.cpp '#include "harness/cli/verbs.h"' "harness/plan.cpp:$line: the command line is included outside"
planted harness/plan.cpp '#include <yaml-cpp/yaml.h>' "harness/plan.cpp:$line: yaml-cpp is included outside its place"
planted harness/plan.cpp '#include <mpi.h>' "harness/plan.cpp:$line: MPI is included outside its place"
planted harness/plan.cpp '#include <benchmark/benchmark.h>' "harness/plan.cpp:$line: Google Benchmark is included outside"
planted harness/plan.cpp '#include <sqlite3.h>' "harness/plan.cpp:$line: SQLite is included outside its place"
planted harness/plan.cpp '#include <SQLiteCpp/SQLiteCpp.h>' "harness/plan.cpp:$line: SQLite is included outside its place"
planted harness/plan.cpp '#include <oneapi/dnnl/dnnl.hpp>' "harness/plan.cpp:$line: oneDNN is included outside its place"
planted harness/plan.cpp '#include <onnx/onnx_pb.h>' "harness/plan.cpp:$line: ONNX is included outside its place"
planted harness/formats/onnx.cpp '#include <google/protobuf/message.h>' ': ONNX is included outside its place'
planted harness/models/new.cpp '#include "results/store.h"' 'harness/models/new.cpp:1: harness knows neither'
planted backends/new.cpp '#include "results/store.h"' 'backends/new.cpp:1: a backend knows nothing of results'
planted results/new.h '#include "backends/backends.h"' 'results/new.h:1: results know no backend'
planted harness/string_utils.h '' 'harness/string_utils.h:1: this name says nothing'
planted results/base_report.cpp '' 'results/base_report.cpp:1: this name says nothing'
mkdir "$copy/harness/utils"
planted harness/utils/text.h '' 'harness/utils/text.h:1: this name says nothing'
planted harness/Manager.h '' 'harness/Manager.h:1: this name says nothing'

[ $failed -eq 0 ] && echo 'every planted mistake is caught'
exit $failed

#!/usr/bin/env bash
# scripts/fetch-data without a network.
set -euo pipefail
fetch_data=$(cd "$(dirname "$0")/../.." && pwd)/scripts/fetch-data
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "fetch_data_test: $1" >&2; exit 1; }

mkdir "$folder/bin"
for program in curl wget npm; do
  printf '#!/bin/sh\nexit 1\n' > "$folder/bin/$program"
  chmod +x "$folder/bin/$program"
done
status=0
told=$(PATH=$folder/bin:$PATH BITSWEEP_DATA=$folder/data "$fetch_data" all 2>&1) || status=$?
[ $status -eq 1 ] || fail "exit code $status: $told"
for name in mnist cifar10; do
  [[ $told == *"fetch-data: $name could not be fetched"* ]] || fail "$name was not tried: $told"
done
echo 'fetch-data tries all'

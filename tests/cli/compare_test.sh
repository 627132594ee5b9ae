#!/usr/bin/env bash
# bitsweep compare and saved queries, as scripts use them: what they print and how they end.
#   compare_test.sh BITSWEEP
. "$(dirname "$0")/command.sh"
export BITSWEEP_DB=$folder/a.sqlite

# ends_with CODE OPTION... : the command ends so
ends_with() {
  local code=$1 status=0
  shift
  "$bitsweep" "$@" >out 2>err || status=$?
  [ $status -eq "$code" ] || fail "'$*' ends with exit code $status: $(cat out err)"
}

spec() { # spec BATCH LIMITS : a small experiment
  printf 'experiment: small\naxes:\n  batch: [%s]\nfixed: {model: "mlp:784-8-10", backend: reference}\n' "$1" >small.yaml
  printf 'measure: {min_samples: 5, max_time: 50ms}\nlimits: {%s}\n' "$2" >>small.yaml
}
spec 1 'timeout: 1min'
ends_with 0 run small.yaml
spec 1 'memory: 1MiB'
ends_with 3 run small.yaml --new
spec 2 'timeout: 1min'
ends_with 0 run small.yaml --new

ends_with 0 compare 1 1
grep -q 'latency_p50' out || fail "latency is missing: $(cat out)"
ends_with 1 compare small~2 small~1
grep -q 'outcome .* regressed' out || fail "the regression is missing: $(cat out)"
grep -q 'not measured in turn' err || fail 'that the sides were not measured in turn is not told'
ends_with 0 compare 2 1
ends_with 4 compare 1 3
grep -q '1 only in A, 1 only in B' err || fail "what the sides have is not told: $(cat err)"
ends_with 1 compare 1 2 --format json
grep -q '"verdict": "regressed"' out || fail "no JSON: $(cat out)"
ends_with 1 compare 1 2 --group-by model
grep -q '^mlp:784-8-10  outcome' out || fail "no groups: $(cat out)"
refused "right is latest" compare 1 small~9
refused 'right is library:NAME=VERSION' compare 1 library:oneDNN

ends_with 0 query outcome=ok --session all --columns batch --format csv --save batches
ends_with 0 query @batches batch=2
[ "$(cat out)" = $'batch\n2' ] || fail "the saved query gives: $(cat out)"
refused 'a query is saved as' query --columns batch --save batches
refused "did you mean 'batches'?" query @batchs
ends_with 0 query --saved
grep -q '^batches' out || fail 'the saved query is not listed'
ends_with 0 query --delete batches
refused 'no query is saved' query @batches
refused 'there is no statement' query --sql ''

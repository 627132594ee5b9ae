#!/usr/bin/env bash
# bitsweep nightly and its exit codes, by real runs: a network that forgets, one that becomes slow, ones that fail.
# The regressions are planted by writing another network into the file that the experiment names.
#   nightly_test.sh BITSWEEP
. "$(dirname "$0")/command.sh"
export BITSWEEP_DB=$folder/nights.sqlite OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# ends_with CODE COMMAND... : the command ends so
ends_with() {
  local code=$1 status=0
  shift
  "$@" >out 2>err || status=$?
  [ $status -eq "$code" ] || fail "'$*' ends with exit code $status: $(cat out err)"
}
night() { ends_with "$1" "$bitsweep" nightly "${@:2}"; }
told() { grep -q "$1" out || fail "'$1' is not told: $(cat out)"; }

# spec NAME FIXED LIMITS MORE : a small experiment; on a busy machine, only a change of size counts as one of speed
spec() {
  printf 'experiment: %s\naxes: {batch: [1]}\nfixed: {backend: reference, %s}\nlimits: {%s}\n%s\n' "$1" "$2" "$3" "$4"
  printf 'measure: {min_samples: 5, max_time: 50ms}\ngate: {latency_p50: 90%%, throughput: 90%%, prepare_time: 9000%%}\n'
} >"$1.yaml"

# ---- Accuracy: judged from the second night on, as the same images are asked.
"$bitsweep" convert mlp good.safetensors --dataset mnist >/dev/null
"$bitsweep" convert mlp poor.safetensors --dataset mnist --prune magnitude:0.97 >/dev/null
spec accuracy 'model: mlp, dataset: mnist, checkpoint: weights.safetensors' 'timeout: 5min' ''
cp poor.safetensors weights.safetensors
night 0 accuracy.yaml
told 'nothing changed'
cp good.safetensors weights.safetensors
night 0 accuracy.yaml
told '1 improved'
cp poor.safetensors weights.safetensors
ends_with 1 mpirun -n 2 --oversubscribe --bind-to none "$bitsweep" nightly accuracy.yaml --confirm --format json
told '"metric": "top1"'
told '"measured_again": "confirmed"'
told '"regressed": true'
ends_with 0 "$bitsweep" query --sql "select count(*) as n from sessions where confirms <> '' and experiment like 'confirm:%'" --format csv
[ "$(tail -n 1 out)" = 1 ] || fail "what was measured again has no session of its own: $(cat out)"
ends_with 1 "$bitsweep" regressions accuracy
told 'top1'
ends_with 1 "$bitsweep" compare accuracy~1 accuracy
grep -q 'independent images' err && fail 'answers to the same images are taken for those of others'

# ---- Colours: on a terminal that takes them, and nowhere else.
told 'regressed'
grep -q $'\e' out && fail 'colours in a pipe'
terminal() { NO_COLOR=$1 TERM=xterm script -qec "'$bitsweep' regressions accuracy" /dev/null </dev/null || true; }
if command -v script >/dev/null; then
  terminal '' | grep -q $'\e\\[.*regressed' || fail 'no colours on a terminal'
  terminal 1 | grep -q $'\e' && fail 'NO_COLOR is not respected'
fi

# ---- Speed: judged from the eighth night on.
"$bitsweep" convert mlp:784-8-10 fast.onnx >/dev/null
"$bitsweep" convert mlp:784-4096-2048-10 slow.onnx >/dev/null
spec speed 'model: ./network.onnx' 'timeout: 5min' ''
cp fast.onnx network.onnx
for _ in 1 2 3 4 5 6 7; do night 0 speed.yaml; done
told 'with too little history'
cp slow.onnx network.onnx
night 1 speed.yaml --confirm
grep -q 'are measured again' err || fail "the suspect is not measured again: $(cat err)"
told '^Regressed'
told 'latency_p50 .* this session, and .* again'
ends_with 0 "$bitsweep" trend model~'*network.onnx' --session speed~7..speed --format csv
[ "$(grep -c '^speed,.*,latency_p50,' out)" -eq 8 ] || fail "the history is not told: $(cat out)"
ends_with 0 "$bitsweep" trend --compatible
told '●'

# ---- Everything else.
spec poor 'model: "mlp:784-8-10"' 'memory: 1MiB' ''
night 3 poor.yaml
spec nothing 'model: "mlp:784-8-10"' 'timeout: 5min' 'exclude: [{batch: 1}]'
night 4 nothing.yaml
refused 'missing.yaml' nightly missing.yaml
refused "unknown format 'xml'" nightly poor.yaml --format xml
echo 'this is text, and not a short one: no database begins so' >text.sqlite
night 5 poor.yaml --db text.sqlite
echo 'nights end as they should'

#!/usr/bin/env bash
# bitsweep convert and infer, as another program would use them.
#   infer_test.sh BITSWEEP
set -euo pipefail
bitsweep=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "infer_test: $1" >&2; exit 1; }
infer() { "$bitsweep" infer "$1" --input in.f32 --output "$2" --batch 2 >/dev/null; }

head -c $((2 * 784 * 4)) /dev/zero > in.f32
"$bitsweep" convert mlp mlp.onnx >/dev/null
"$bitsweep" convert mlp mlp.safetensors --prune magnitude:0.5 >/dev/null
infer mlp direct.f32
infer mlp.onnx file.f32
[ "$(stat -c %s direct.f32)" -eq $((2 * 10 * 4)) ] || fail 'the output is not [2, 10]'
cmp direct.f32 file.f32 || fail 'the network that was written gives other numbers'

head -c 100 /dev/zero > in.f32
status=0
told=$("$bitsweep" infer mlp --input in.f32 --output out.f32 2>&1) || status=$?
[ $status -eq 2 ] || fail "a short input ends with exit code $status"
[[ $told == *'in.f32: has 100 bytes; right is 3136'* ]] || fail "a short input is told as: $told"
told=$("$bitsweep" convert mlp mlp.bin 2>&1) && fail 'an unknown ending is not refused'
[[ $told == *'right is .onnx or .safetensors'* ]] || fail "an unknown ending is told as: $told"
echo 'convert and infer work'

#!/usr/bin/env bash
# bitsweep convert and infer, as another program would use them.
#   infer_test.sh BITSWEEP
. "$(dirname "$0")/command.sh"
infer() { "$bitsweep" infer "$1" --input in.f32 --output "$2" --batch 2 >/dev/null; }

head -c $((2 * 784 * 4)) /dev/zero > in.f32
"$bitsweep" convert mlp mlp.onnx >/dev/null
"$bitsweep" convert mlp mlp.safetensors --prune magnitude:0.5 >/dev/null
infer mlp direct.f32
infer mlp.onnx file.f32
[ "$(stat -c %s direct.f32)" -eq $((2 * 10 * 4)) ] || fail 'the output is not [2, 10]'
cmp direct.f32 file.f32 || fail 'the network that was written gives other numbers'

# Whose weights: as in experiments, and never silently others.
told=$("$bitsweep" convert resnet20 trained.safetensors --dataset cifar10)
[[ $told == *'weights resnet20-cifar10.safetensors ('* ]] || fail "the shipped checkpoint is not taken: $told"
shipped=${told##*(}
told=$("$bitsweep" convert resnet20 again.safetensors --checkpoint trained.safetensors)
[[ $told == *"weights trained.safetensors ($shipped" ]] || fail "a checkpoint of one's own gives: $told"
grep -aq 'bitsweep train --model resnet20' trained.safetensors || fail 'the command that trained is lost'
grep -aq '"top1":"0.9248"' trained.safetensors || fail 'the accuracy of the training is lost'
"$bitsweep" convert resnet20 pruned.safetensors --checkpoint trained.safetensors --prune magnitude:0.5 >/dev/null
"$bitsweep" convert resnet20 pruned.onnx --checkpoint pruned.safetensors >/dev/null
for file in pruned.safetensors pruned.onnx; do
  grep -aq 'bitsweep train --model resnet20' $file || fail "$file: the command that trained is lost"
  grep -aq 'magnitude:0.5' $file || fail "$file: the pruning is not told"
  ! grep -aq '0\.9248' $file || fail "$file: the accuracy is told as that before pruning"
done
for options in '' '--dataset cifar10 --checkpoint seeded'; do
  # shellcheck disable=SC2086 # several words
  told=$("$bitsweep" convert resnet20 seeded.safetensors $options)
  [[ $told == *'weights seeded, seed 1 ('* && $told != *"$shipped"* ]] || fail "convert $options takes: $told"
done
told=$("$bitsweep" infer mlp --dataset mnist --input in.f32 --output trained.f32 --batch 2)
[[ $told == *'weights mlp-mnist.safetensors ('* ]] || fail "infer does not take the shipped checkpoint: $told"
cmp --silent direct.f32 trained.f32 && fail 'trained and seeded weights give the same numbers'
told=$("$bitsweep" infer mlp.onnx --input in.f32 --output file.f32 --batch 2)
[[ $told == *'weights mlp.onnx ('* ]] || fail "the weights of an ONNX file are told as: $told"
told=$("$bitsweep" infer mlp --dataset minst --input in.f32 --output out.f32 2>&1) && fail 'an unknown data set is taken'
[[ $told == *"did you mean 'mnist'?"* ]] || fail "an unknown data set is told as: $told"
told=$("$bitsweep" convert mlp out.onnx --checkpoint best 2>&1) && fail 'an unknown checkpoint is taken'
[[ $told == *'right is auto, seeded, or a file ending in .safetensors'* ]] || fail "an unknown checkpoint is told as: $told"

refused '--threads: Value -3 not in range' infer mlp --input in.f32 --output out.f32 --threads -3
refused '--threads: Value 100000 not in range' infer mlp --input in.f32 --output out.f32 --threads 100000
refused "'./in.f32' is the input; right is another file" infer mlp --input in.f32 --output ./in.f32
refused "did you mean 'mnist'?" convert mlp out.onnx --dataset minst
refused "did you mean 'minmax'?" convert mlp out.onnx --calibration minmix
refused "did you mean 'reference'?" convert mlp out.onnx --backend referense

head -c 100 /dev/zero > in.f32
status=0
told=$("$bitsweep" infer mlp --input in.f32 --output out.f32 2>&1) || status=$?
[ $status -eq 2 ] || fail "a short input ends with exit code $status"
[[ $told == *'in.f32: has 100 bytes; right is 3136'* ]] || fail "a short input is told as: $told"
told=$("$bitsweep" convert mlp mlp.bin 2>&1) && fail 'an unknown ending is not refused'
[[ $told == *'right is .onnx or .safetensors'* ]] || fail "an unknown ending is told as: $told"
echo 'convert and infer work'

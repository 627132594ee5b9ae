#!/usr/bin/env bash
# bitsweep train: what cannot end well is refused before it begins.
#   train_test.sh BITSWEEP
. "$(dirname "$0")/command.sh"
refused '--threads: Value -3 not in range' train --out out.safetensors --threads -3
refused '--threads: Value 100000 not in range' train --out out.safetensors --threads 100000
mkdir folder
refused 'folder: is a folder' train --out folder
refused '/proc/out: cannot be written' train --out /proc/out
refused 'milestones without the schedule step' train --out out.safetensors --milestones 1
refused 'the schedule step without milestones' train --out out.safetensors --schedule step
refused 'right is rising epochs' train --out out.safetensors --epochs 9 --schedule step --milestones 4,-2
refused 'a crop of 28 for images of shape [1, 28, 28]' train --out out.safetensors --crop 28
refused 'momentum 1; right is 0 to below 1' train --out out.safetensors --dataset cifar10 --momentum 1

[ "$(ls)" = folder ] || fail "something is left behind: $(ls)"
echo 'train refuses what it should'

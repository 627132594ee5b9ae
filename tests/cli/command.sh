# What the tests of commands begin with, to be sourced: $bitsweep, a folder of their own, fail and refused.
set -euo pipefail
bitsweep=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "$(basename "$0" .sh): $1" >&2; exit 1; }

# refused WORDS OPTION... : ends as bad usage, with these words
refused() {
  local words=$1 told status=0
  shift
  told=$("$bitsweep" "$@" 2>&1) || status=$?
  [ $status -eq 2 ] || fail "'$*' ends with exit code $status: $told"
  [[ $told == *"$words"* ]] || fail "'$*' is told as: $told"
}

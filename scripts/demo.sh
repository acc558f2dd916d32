#!/usr/bin/env bash
# Sets up, builds, and shows the main job on bundled models. Every command is printed before it runs.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
cmake -S . -B build/demo -G Ninja -DCMAKE_BUILD_TYPE=Release -DPANMODEL_BUILD_TESTS=OFF >/dev/null
cmake --build build/demo
PATH="$PWD/build/demo/cli:$PATH"
data=testdata/pickle
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

say() { printf '\n$ %s\n' "$*"; }
run() { say "$@"; "$@"; }
refused() {
  say "$@"
  if "$@"; then
    echo "expected a refusal" >&2
    exit 1
  fi
}

run panmodel inspect $data/forest.pkl
run panmodel convert $data/forest.pkl "$out/forest.onnx"
run panmodel predict "$out/forest.onnx" --data $data/rows.csv
run panmodel validate $data/forest.pkl --data $data/rows.csv --expect $data/forest.expected.csv
run panmodel compare $data/forest.pkl "$out/forest.onnx"
refused panmodel check $data/hostile.pkl
# An opset outside the range is refused; what a target can hold with a loss only is said with the loss.
refused panmodel convert $data/forest.pkl "$out/old.onnx" --opset 8
run panmodel convert $data/logistic.pkl "$out/maps.onnx" --zipmap

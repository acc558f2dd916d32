#!/usr/bin/env bash
# Sets up, builds, and shows the main job on bundled models. Every command is printed before it runs.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
cmake -S . -B build/demo -G Ninja -DCMAKE_BUILD_TYPE=Release -DPANMODEL_BUILD_TESTS=OFF >/dev/null
cmake --build build/demo
PATH="$PWD/build/demo/cli:$PATH"
data=testdata/churn
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

run panmodel inspect $data/churn.pkl
run panmodel convert $data/churn.pkl "$out/churn.onnx"
run panmodel predict "$out/churn.onnx" --data $data/customers.csv
run panmodel validate $data/churn.pkl --data $data/customers.csv --expect $data/expected.csv
run panmodel compare $data/churn.pkl "$out/churn.onnx"
refused panmodel check testdata/pickle/hostile.pkl
# What a target can hold with a loss only is said with its bound, and refused when that is asked.
run panmodel convert $data/churn.pkl "$out/maps.onnx" --zipmap
refused panmodel convert $data/churn.pkl "$out/none.onnx" --zipmap --fail-on loss

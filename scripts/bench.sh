#!/usr/bin/env bash
# Measures panmodel beside its peers, in turns, and prints the ratios (docs/performance.md).
#   scripts/bench.sh [score|convert|pmml|growth|action ...]   default: all
# Models and data are made once under build/bench; about 4 GB of disk and an hour.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh --peers
cmake -S . -B build/release -G Ninja -DCMAKE_BUILD_TYPE=Release -DPANMODEL_BUILD_BENCH=ON >/dev/null
ninja -C build/release panmodel panmodel_bench_score panmodel_bench_load panmodel_bench_action >/dev/null
mkdir -p build/bench

python=build/peers/bin/python
panmodel=$PWD/build/release/cli/panmodel
driver=$PWD/build/release/bench/panmodel_bench_score
lscpu | grep -E '^(Model name|CPU\(s\)|L1d cache|L2 cache|L3 cache)' || true
[ $# -gt 0 ] || set -- score convert pmml growth action
for part in "$@"; do
  case "$part" in
    score) "$python" bench/score.py build/bench "$driver" ;;
    convert) "$python" bench/convert.py build/bench "$panmodel" ;;
    pmml) "$python" bench/pmml.py build/bench "$driver" "$PWD/build/release/bench/panmodel_bench_load" "$panmodel" ;;
    growth) "$python" bench/growth.py build/bench "$panmodel" ;;
    action) "$python" bench/action.py "$PWD/build/release/bench/panmodel_bench_action" build/peers-titus/bin/python ;;
    *) echo "usage: scripts/bench.sh [score|convert|pmml|growth|action ...]" >&2; exit 2 ;;
  esac
done

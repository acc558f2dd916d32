#!/usr/bin/env bash
# The one test command: set-up, build with warnings as errors, all tests, the peers, the installed
# package, and the readers on broken input under sanitizers. The last line is the sum.
#   scripts/test.sh           everything (under 40 minutes on two cores)
#   scripts/test.sh --quick   without peers and sanitizers (under 5 minutes)
# PANMODEL_CORPUS names the directory of the unpacked corpora; tests that need it are skipped without.
set -uo pipefail
cd "$(dirname "$0")/.."

quick=0
for arg in "$@"; do
  case "$arg" in
    --quick) quick=1 ;;
    *) echo "usage: scripts/test.sh [--quick]" >&2; exit 2 ;;
  esac
done

passed=0 failed=0 skipped=0
finish() {
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line+=", $skipped skipped"
  echo
  echo "$line"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && exit 0
  exit 1
}
# A step that is no test: its failure counts as one failed test, and nothing can follow it.
step() {
  echo "== $1"
  shift
  if ! "$@"; then
    echo "FAILED: $*"
    failed=$((failed + 1))
    finish
  fi
}

jobs=$(nproc)
compiler_cache=()
configure() {  # directory, options
  local directory=$1
  shift
  cmake -S . -B "$directory" -G Ninja -DPANMODEL_BUILD_TESTS=ON "${compiler_cache[@]}" "$@" \
      >"$directory.log" 2>&1 || { cat "$directory.log"; return 1; }
}
build() { cmake --build "$1" -j "$jobs"; }

# Runs ctest in a build directory and adds its cases to the sum; the list of cases comes from the
# JUnit file, so that a test that crashes, times out or cannot start counts as failed.
run_tests() {  # directory, ctest options
  local directory=$1 junit
  shift
  junit=$PWD/$directory/tests.xml
  rm -f "$junit"
  ctest --test-dir "$directory" -j "$jobs" --timeout 1200 --output-on-failure --progress \
      --output-junit "$junit" "$@" 2>&1 | sed -u -e 's/.*\r//' -e '/^[[:space:]]*$/d' \
      | grep -v -E '^Test project|^Internal ctest|Start +[0-9]+:| Passed +[0-9.]+ sec$'
  if [ ! -s "$junit" ]; then
    echo "FAILED: ctest wrote no report for $directory"
    failed=$((failed + 1))
    return
  fi
  # A case that could not be started is "notrun" like one that skipped itself: only the latter may.
  local good bad off
  good=$(grep -c '^\s*<testcase .* status="run">' "$junit")
  off=$(grep -c -E '^\s*(<skipped message="SKIP_|<testcase .* status="disabled">)' "$junit")
  bad=$(($(grep -c '^\s*<testcase ' "$junit") - good - off))
  passed=$((passed + good))
  failed=$((failed + bad))
  skipped=$((skipped + off))
  if [ "$off" -gt 0 ]; then
    echo "skipped:"
    grep -B1 '<skipped message="SKIP_' "$junit" | sed -n 's/.*<testcase name="\([^"]*\)".*/  \1/p'
  fi
}

mkdir -p build
if [ "$quick" = 1 ]; then
  step "set-up" scripts/setup.sh
else
  step "set-up with peers" scripts/setup.sh --peers
  export PANMODEL_PEERS=$PWD/build/peers/bin/python
fi
if command -v ccache >/dev/null; then
  compiler_cache=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  export CCACHE_BASEDIR=$PWD
fi
[ -n "${PANMODEL_CORPUS:-}" ] || echo "PANMODEL_CORPUS is not set: tests on the corpora are skipped"

step "configure" configure build/release -DCMAKE_BUILD_TYPE=Release
step "build" build build/release
echo "== test"
if [ "$quick" = 1 ]; then
  run_tests build/release --label-exclude 'peers|slow'
  finish
fi
run_tests build/release
# Readers on broken input, and the unit tests, with every memory error and overflow fatal.
step "configure with sanitizers" configure build/sanitize -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_CXX_FLAGS="-O1 -g1" -DPANMODEL_SANITIZE=address,undefined
step "build with sanitizers" build build/sanitize
echo "== test with sanitizers"
run_tests build/sanitize --label-exclude 'peers|consumer|lint|release'
finish

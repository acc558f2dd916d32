#!/usr/bin/env bash
# Steps of a build system (docs/ci.md).
#   scripts/ci.sh place            GitHub: where panmodel is installed, and a key of its sources, as outputs
#   scripts/ci.sh install PREFIX   builds and installs panmodel, unless PREFIX has it already
#   scripts/ci.sh run PREFIX       GitHub: checks $MODELS and runs $PLAN, as annotations and a step summary
set -euo pipefail
source_tree=$(cd "$(dirname "$0")/.." && pwd)

# The version of what is installed: every file that it is built from.
sources() {
  (cd "$source_tree" && find CMakeLists.txt cmake base ir formats converters runtime api cli \
      -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1)
}

install() {  # prefix
  local scratch
  "$source_tree/scripts/setup.sh"  # the libraries are needed to run it, too
  [ ! -x "$1/bin/panmodel" ] || return 0
  scratch=$(mktemp -d)
  cmake -S "$source_tree" -B "$scratch" -G Ninja -DCMAKE_BUILD_TYPE=Release \
      -DPANMODEL_BUILD_TESTS=OFF >"$scratch/configure.log" || { cat "$scratch/configure.log" >&2; return 1; }
  cmake --build "$scratch"
  cmake --install "$scratch" --prefix "$1" >/dev/null
  rm -rf "$scratch"
}

# A verb with its reports: annotations on standard output, the summary of the step, JUnit.
report() {  # verb, arguments of panmodel
  local verb=$1 status=0 more=()
  shift
  more=(--format github --report "markdown=$scratch/$verb.md" --force)
  if [ -n "${REPORTS:-}" ]; then
    mkdir -p "$REPORTS"
    more+=(--report "junit=$REPORTS/$verb.xml")
  fi
  "$panmodel" "$verb" "${more[@]}" -- "$@" || status=$?
  [ ! -f "$scratch/$verb.md" ] || cat "$scratch/$verb.md" >>"$GITHUB_STEP_SUMMARY"
  [ "$status" -le "$worst" ] || worst=$status
}

run() {  # prefix
  local panmodel=$1/bin/panmodel worst=0 scratch pattern files=() found
  local IFS=  # a pattern is one word, with the blanks that it has
  scratch=$(mktemp -d)
  shopt -s globstar nullglob
  while IFS= read -r pattern; do
    [ -n "$pattern" ] || continue
    found=($pattern)
    if [ ${#found[@]} -eq 0 ]; then
      echo "::error title=panmodel::no file matches a pattern of 'models'"
      worst=2
    fi
    files+=("${found[@]}")
  done <<<"${MODELS:-}"
  if [ -z "${PLAN:-}" ] && [ ${#files[@]} -eq 0 ] && [ "$worst" -eq 0 ]; then
    echo "::error title=panmodel::nothing to do, name a 'plan' or 'models'"
    worst=2
  fi
  [ ${#files[@]} -eq 0 ] || report check "${files[@]}"
  [ -z "${PLAN:-}" ] || report validate "$PLAN"
  rm -rf "$scratch"
  [ "$worst" -eq 0 ] && echo "passed=true" >>"$GITHUB_OUTPUT" || echo "passed=false" >>"$GITHUB_OUTPUT"
  return "$worst"
}

case "${1:-}" in
  place)
    echo "prefix=$RUNNER_TEMP/panmodel" >>"$GITHUB_OUTPUT"
    echo "sources=$(sources)" >>"$GITHUB_OUTPUT"
    ;;
  install) install "$2" ;;
  run) run "$2" ;;
  *) echo "usage: scripts/ci.sh place | install PREFIX | run PREFIX" >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# Prepares a Debian 12 machine for panmodel. Everything else (test.sh, demo.sh, bench) starts here.
#   scripts/setup.sh           what the build and the tests need (Debian packages)
#   scripts/setup.sh --peers   also the peers: scikit-learn, onnx, onnxruntime, skl2onnx in build/peers,
#                              JPMML-Evaluator and JPMML-SkLearn beside them and Debian's JDK that runs them;
#                              Titus in build/peers-titus, because it needs an older numpy
# What is there already is left alone, so a second run takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."

peers=0
for arg in "$@"; do
  case "$arg" in
    --peers) peers=1 ;;
    *) echo "usage: scripts/setup.sh [--peers]" >&2; exit 2 ;;
  esac
done

# True when dpkg knows the package as installed.
installed() {
  [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

# Installs those of the named packages that are missing.
need() {
  local missing=() package
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "setup: installing ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "setup: run as root: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  export DEBIAN_FRONTEND=noninteractive
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get -o Acquire::Retries=3 update &&
         "${as_root[@]}" apt-get -o Acquire::Retries=3 install -y --no-install-recommends \
             "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    echo "setup: apt-get failed" >&2
    exit 1
  fi
  rm -f "$log"
}

mapfile -t packages < <(sed -e 's/#.*//' -e 's/[[:space:]].*//' scripts/packages.txt | grep .)
need "${packages[@]}"
[ "$peers" = 1 ] || exit 0
need openjdk-17-jdk-headless

find_python() {
  local candidate
  for candidate in python3.11 /usr/bin/python3.11 python3; do
    if command -v "$candidate" >/dev/null &&
       "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}
python=$(find_python) || { need python3.11; python=/usr/bin/python3.11; }

# make_venv DIRECTORY PINS [IGNORED...]: a virtual environment of the peers, made anew when a pin or the
# interpreter changes. The stamp is written last, so a broken installation is never taken for a good
# one. IGNORED: packages of which not everything is used, so what they ask for may be absent.
make_venv() {
  local venv=$1 pins=$2 stamp broken package expected=(-e '^No broken')
  shift 2
  for package in "$@"; do expected+=(-e "^$package "); done
  stamp="$("$python" -V) $(sha256sum <"$pins")"
  if [ -f "$venv/stamp" ] && [ "$(cat "$venv/stamp")" = "$stamp" ] &&
     "$venv/bin/python" -c '' 2>/dev/null; then
    return 0
  fi
  # Debian keeps ensurepip apart from its own interpreter.
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    need python3.11-venv
    python=/usr/bin/python3.11
    stamp="$("$python" -V) $(sha256sum <"$pins")"
  fi
  echo "setup: installing the peers of $pins in $venv"
  rm -rf "$venv"
  mkdir -p build
  "$python" -m venv "$venv"
  # Titus says that it wants a Python before 3.10; tests/peers/titus_engine.py says what it needs beside it.
  # It and avro are published as source only.
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --retries 5 \
      --no-deps --ignore-requires-python --only-binary :all: --no-binary titus2,avro-python3 -r "$pins"
  broken=$("$venv/bin/python" -m pip check | grep -v "${expected[@]}") || true
  if [ -n "$broken" ]; then
    echo "setup: $broken" >&2
    exit 1
  fi
  echo "$stamp" >"$venv/stamp"
}

# Of the packages of JPMML only the jars are used, not what their Python parts ask for.
make_venv build/peers scripts/peers.txt jpmml-evaluator sklearn2pmml
make_venv build/peers-titus scripts/peers-titus.txt titus2

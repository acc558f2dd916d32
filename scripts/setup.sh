#!/usr/bin/env bash
# Prepares a Debian 12 machine for panmodel. Everything else (test.sh, demo.sh, bench) starts here.
#   scripts/setup.sh           what the build and the tests need (Debian packages)
#   scripts/setup.sh --peers   also the peers: scikit-learn, onnx, onnxruntime, skl2onnx in build/peers,
#                              JPMML-Evaluator and JPMML-SkLearn beside them and Debian's JDK that runs them
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

# The virtual environment of the peers: made anew when a pin or the interpreter changes. The stamp
# is written last, so a broken installation is never taken for a good one.
venv=build/peers
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
stamp="$("$python" -V) $(sha256sum <scripts/peers.txt)"
if [ -f "$venv/stamp" ] && [ "$(cat "$venv/stamp")" = "$stamp" ] &&
   "$venv/bin/python" -c '' 2>/dev/null; then
  exit 0
fi
# Debian keeps ensurepip apart from its own interpreter.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  need python3.11-venv
  python=/usr/bin/python3.11
  stamp="$("$python" -V) $(sha256sum <scripts/peers.txt)"
fi
echo "setup: installing the peers of scripts/peers.txt in $venv"
rm -rf "$venv"
mkdir -p build
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --retries 5 \
    --no-deps --only-binary :all: -r scripts/peers.txt
# Of the packages of JPMML only the jars are used, not what their Python parts ask for.
if broken=$("$venv/bin/python" -m pip check |
            grep -v -e '^jpmml-evaluator ' -e '^sklearn2pmml ' -e '^No broken'); then
  echo "setup: $broken" >&2
  exit 1
fi
echo "$stamp" >"$venv/stamp"

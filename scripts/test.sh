#!/usr/bin/env bash
# Builds panmodel and runs its tests. --quick leaves the peers and the sanitizers out.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake -S . -B build/release -G Ninja >/dev/null
cmake --build build/release

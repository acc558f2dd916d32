#!/usr/bin/env bash
# Entry of the hooks in .pre-commit-hooks.yaml: check MODEL... or validate PLAN...
set -uo pipefail
if ! command -v panmodel >/dev/null; then
  echo "panmodel is not on PATH: install it with scripts/ci.sh install PREFIX of its repository" >&2
  exit 1
fi
verb=$1
shift
worst=0
for file in "$@"; do
  panmodel "$verb" -q -- "$file" || { status=$?; [ "$status" -le "$worst" ] || worst=$status; }
done
exit "$worst"

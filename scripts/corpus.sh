#!/usr/bin/env bash
# Unpacks the corpora of real models (archives *.tar.xz in the directory given) into build/corpus,
# once, and prints that directory. They are data for tests only and never enter the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
source=${1:?usage: scripts/corpus.sh DIRECTORY}
stamp=$(cd "$source" && stat -c '%n %s %Y' *.tar.xz)
if [ ! -f build/corpus/stamp ] || [ "$(cat build/corpus/stamp)" != "$stamp" ]; then
  rm -rf build/corpus
  mkdir -p build/corpus
  for archive in "$source"/*.tar.xz; do tar -xJf "$archive" -C build/corpus; done
  echo "$stamp" >build/corpus/stamp
fi
echo "$PWD/build/corpus"

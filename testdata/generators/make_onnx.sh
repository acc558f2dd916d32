#!/bin/sh
# Writes testdata/onnx: the models of testdata/pickle as the built panmodel converts them.
# Run from the root of the repository.
set -e
for model in forest logistic model; do
  build/release/cli/panmodel convert "testdata/pickle/$model.pkl" "testdata/onnx/$model.onnx" --force -q
done

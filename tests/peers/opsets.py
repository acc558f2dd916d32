"""Every opset that convert writes, 9 to 28: the file imports the opset and the ai.onnx.ml and IR
versions that came with it, passes onnx.checker (full_check), and predicts in onnxruntime (up to 26,
its newest) what panmodel's evaluator predicts of the pickle, on rows at the model's own boundaries.
Replaces the self-check, so that every opset is tried in onnxruntime."""
import sys, tempfile

import numpy as np
import onnx, onnxruntime

from sklearn_to_onnx import CORPUS, by_method, as_table, expect_equal, feeds_of, panmodel, read_csv

MODELS = ["linear_regression", "poisson_regressor", "sgd_modhuber", "logreg_multinomial",
          "logreg_binary_str", "logreg_ovo", "dtr_nan", "dtr_multi", "rfc", "rfr", "iforest",
          "pipe_scaler_lr", "normalizer", "ordinal_str", "onehot_int", "onehot_str", "gbc_binary",
          "gbc_multi", "gbr", "hgbc_multi", "hgbr_nan", "hgbr_cat", "simple_imputer", "ct_df_lr"]
# Trees on X in double need ai.onnx.ml 3: below
# its opset the conversion is refused by name.
FIRST_OPSET = {"hgbc_multi": 16, "hgbr_nan": 16, "hgbr_cat": 16}
ONNXRUNTIME_OPSET = 26
RELEASES = {int(v[2]): v for v in onnx.helper.VERSION_TABLE}


def check(name, opset, temporary):
    model = f"{CORPUS}/pickle/debian-sklearn-1.9/{name}/p5.pkl"
    written, data = f"{temporary}/{name}.onnx", f"{temporary}/{name}.csv"
    refused = opset < FIRST_OPSET.get(name, 9)
    done = panmodel("convert", model, written, "--opset", str(opset), "--force", "--no-self-check",
                    may_fail=refused)
    if refused:
        assert done.returncode == 4 and "cannot hold 'ml.tree_ensemble'" in done.stderr, \
            f"expected a refusal, found {done.returncode} {done.stderr}"
        return
    loaded = onnx.load(written)
    onnx.checker.check_model(loaded, full_check=True)
    versions = {o.domain: o.version for o in loaded.opset_import}
    _, ir, ai_onnx, ai_onnx_ml = RELEASES[opset][:4]
    assert versions[""] == opset and loaded.ir_version <= ir, f"{versions}, IR {loaded.ir_version}"
    assert versions.get("ai.onnx.ml", ai_onnx_ml) == ai_onnx_ml, str(versions)
    if opset > ONNXRUNTIME_OPSET:
        return
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(written, options, providers=["CPUExecutionProvider"])
    names, columns = read_csv(open(data, newline="").read())
    want = by_method(*read_csv(open(f"{temporary}/{name}.want").read()))
    results = session.run(None, feeds_of(session, names, columns))
    rows = [r for r, row in enumerate(zip(*[c for m in want.values() for c in m]))
            if any(c is not None for c in row)]
    for (method, expected), result in zip(want.items(), results):
        for k, (g, w) in enumerate(zip(as_table(result), expected)):
            rtol = 1e-6 if np.asarray(result).dtype == np.float32 else 1e-12
            expect_equal(f"opset {opset}", f"{method}:{k}", [g[r] for r in rows],
                         [w[r] for r in rows], rows, rtol)


def main():
    if not CORPUS:
        print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name in MODELS:
            model = f"{CORPUS}/pickle/debian-sklearn-1.9/{name}/p5.pkl"
            data = f"{temporary}/{name}.csv"
            panmodel("rows", model, "--rows", "300", "-o", data)
            found = panmodel("predict", model, "--data", data, "-q", may_fail=True).stdout
            open(f"{temporary}/{name}.want", "w").write(found)
            for opset in range(9, 29):
                try:
                    check(name, opset, temporary)
                except Exception as e:
                    failed += 1
                    print(f"FAIL {name} opset {opset}: {str(e)[:300]}", flush=True)
    print(f"{len(MODELS)} models at 20 opsets, {failed} fail")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Scoring against onnxruntime: both read the same ONNX file and the same matrix, and take turns.

score.py FOLDER DRIVER [ROWS]
"""
import pathlib
import subprocess
import sys
import time

import numpy as np
import onnxruntime

from common import Foreign, median, say
from make_models import FEATURES, make, matrix

REPETITIONS = 7


def ort_session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def measure(name, folder, driver, x, file, threads):
    path = make(name, folder)
    session = ort_session(path, threads)
    feed = {session.get_inputs()[0].name: x}
    ours = subprocess.Popen([driver, path, file, str(len(x)), str(threads)], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(line):
        ours.stdin.write(line + "\n")
        ours.stdin.flush()
        return ours.stdout.readline().strip()

    # Equal results first; a time counts only then. The order in which onnxruntime adds the trees
    # depends on the number of threads, hence a tolerance: 1000 sums in float.
    ask("run")
    saved = folder / "predictions.raw"
    ask(f"save {saved}")
    theirs = session.run(None, feed)[0].ravel()
    mine = np.fromfile(saved, np.float32)
    worst = float(np.max(np.abs(mine - theirs)))
    if mine.shape != theirs.shape or not np.allclose(mine, theirs, rtol=1e-4, atol=1e-4):
        sys.exit(f"{name}: predictions differ by up to {worst}")
    foreign = Foreign([ours.pid])
    a, b = [], []
    for _ in range(REPETITIONS):
        a.append(float(ask("run")))
        start = time.perf_counter()
        session.run(None, feed)
        b.append(time.perf_counter() - start)
    share = foreign.share()
    ours.stdin.close()
    ours.wait()
    ratio = median([q / p for p, q in zip(a, b)])
    per_row = 1e6 / len(x)
    say(f"{name} {len(x):>8} rows, {threads} threads: panmodel {median(a) * per_row:8.4f} us/row, onnxruntime "
        f"{median(b) * per_row:8.4f} us/row, ratio {ratio:6.1f}  (largest difference {worst:.1g}; "
        f"{share:.0%} of the machine used by others)")


def main():
    folder, driver = pathlib.Path(sys.argv[1]), sys.argv[2]
    rows = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    for count in (rows, 1000, 1):
        x = matrix(count, 7)
        file = folder / "x.raw"
        x.tofile(file)
        for name in ("w1", "w2"):
            for threads in (1, 2):
                measure(name, folder, driver, x, file, threads)
    assert x.shape[1] == FEATURES


if __name__ == "__main__":
    main()

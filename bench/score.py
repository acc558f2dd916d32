"""Scoring against onnxruntime: both read the same ONNX file and the same matrix, and take turns.

score.py FOLDER DRIVER [ROWS]

Every measurement is repeated 7 times, or as often as 90 seconds allow. One row at a time: 300 calls
each, after 300 to warm up, and apart from them the first call, from the file on.
"""
import pathlib
import subprocess
import sys
import time

import numpy as np
import onnxruntime

from common import Foreign, median, say
from make_models import FEATURES, make, matrix

REPETITIONS, SECONDS = 7, 90
SINGLE = 300


def ort_session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Driver:
    """A process with a model and a matrix, ready to score."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(word) for word in command], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def run(self):
        """Seconds elapsed and of processor time."""
        return tuple(map(float, self.ask("run")))

    def predictions(self, folder, dtype=np.float32):
        saved = folder / "predictions.raw"
        self.ask(f"save {saved}")
        return np.fromfile(saved, dtype)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(call):
    start, cpu = time.perf_counter(), time.process_time()
    result = call()
    return (time.perf_counter() - start, time.process_time() - cpu), result


def compare(name, mine, theirs):
    """Largest difference. The order in which onnxruntime adds the trees depends on the number of
    threads, hence a tolerance: 1000 sums in float."""
    worst = float(np.max(np.abs(mine - theirs)))
    if mine.shape != theirs.shape or not np.allclose(mine, theirs, rtol=1e-4, atol=1e-4):
        sys.exit(f"{name}: predictions differ by up to {worst}")
    return worst


def measure(name, folder, driver, x, file, threads):
    path = make(name, folder)
    session = ort_session(path, threads)
    feed = {session.get_inputs()[0].name: x}
    ours = Driver(driver, path, file, len(x), threads)

    def peer():
        return session.run(None, feed)[0].ravel()

    single = len(x) == 1
    for _ in range(SINGLE if single else 0):
        ours.run()
        peer()
    foreign = Foreign([ours.process.pid])
    a, b = [], []
    start = time.monotonic()
    # A time counts only with equal results, which the first turn shows.
    while len(a) < (SINGLE if single else REPETITIONS):
        a.append(ours.run())
        took, theirs = timed(peer)
        b.append(took)
        if len(a) == 1:
            worst = compare(name, ours.predictions(folder), theirs)
        if time.monotonic() - start > SECONDS:
            break
    share = foreign.share()
    ours.close()
    ratio = median([q[0] / p[0] for p, q in zip(a, b)])
    cpu = sum(q[1] for q in b) / sum(p[1] for p in a)
    per_row = 1e6 / len(x)
    say(f"{name} {len(x):>8} rows, {threads} threads, {len(a)} times: "
        f"panmodel {median([t for t, _ in a]) * per_row:8.4f} us/row, onnxruntime "
        f"{median([t for t, _ in b]) * per_row:8.4f} us/row, ratio {ratio:6.1f}, of CPU time {cpu:6.1f}  "
        f"(largest difference {worst:.1g}; {share:.0%} of the machine used by others)")


def first_call(name, folder, driver, file):
    """From the file to the first prediction of one row, without the start of the processes."""
    path = make(name, folder)
    row = np.fromfile(file, np.float32).reshape(1, FEATURES)

    def open_theirs():
        session = ort_session(path, 1)
        return session.run(None, {session.get_inputs()[0].name: row})

    a, b = [], []
    for _ in range(REPETITIONS):
        ours = Driver(driver, path, file, 1, 1)
        ours.run()
        a.append(float(ours.ask("age")[0]))
        ours.close()
        b.append(timed(open_theirs)[0][0])
    say(f"{name} from the file to the first row: panmodel {median(a) * 1e3:.1f} ms, onnxruntime "
        f"{median(b) * 1e3:.1f} ms, ratio {median([q / p for p, q in zip(a, b)]):.1f}")


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
            if count == 1:
                first_call(name, folder, driver, file)
    assert x.shape[1] == FEATURES


if __name__ == "__main__":
    main()

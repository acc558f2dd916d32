"""PMML against JPMML-Evaluator and JPMML-SkLearn (Java), and pugixml.

pmml.py FOLDER DRIVER LOADER PANMODEL [score|load|convert ...]

Scoring: both sides read the same PMML file and the same float32 matrix and take turns, each on one
thread. The Java machine runs until three turns in a row are no faster than the best one before, which
is not counted; nor are its start and its loading of the model. Its rows are maps made beforehand, ours
columns. Every measurement is repeated 7 times, or as often as 120 seconds allow.
"""
import glob
import importlib.util
import pathlib
import sys
import time

import numpy as np

import jpmml_sklearn
from common import Foreign, median, run, say
from make_models import make, matrix
from score import Driver

REPETITIONS, SECONDS = 7, 120
WARM_UP = 3  # turns without a new best


def java(path, file, rows):
    package = pathlib.Path(importlib.util.find_spec("jpmml_evaluator").origin).parent
    jars = sorted(glob.glob(f"{package}/dependencies/*.jar"))
    # The serial collector is the one of a single thread.
    theirs = Driver("java", "-Xmx8g", "-XX:+UseSerialGC", "-cp", ":".join(jars),
                    pathlib.Path(__file__).parent / "Score.java", path, file, rows)
    if theirs.process.stdout.readline() != "ready\n":
        sys.exit("JPMML-Evaluator did not start")
    return theirs


def warm(driver):
    best, since = float("inf"), 0
    while since < WARM_UP:
        took = driver.run()[0]
        since = 0 if took < best else since + 1
        best = min(best, took)


def compare(name, mine, theirs):
    worst = float(np.max(np.abs(mine - theirs)))
    if mine.shape != theirs.shape or not np.allclose(mine, theirs, rtol=1e-12, atol=1e-12):
        sys.exit(f"{name}: predictions differ by up to {worst}")
    return worst


def score(folder, driver, name, rows):
    path, file = make(name, folder), folder / "x.raw"
    matrix(rows, 7).tofile(file)
    ours, theirs = Driver(driver, path, file, rows, 1), java(path, file, rows)
    warm(theirs)
    warm(ours)
    worst = compare(name, ours.predictions(folder, np.float64), theirs.predictions(folder, np.float64))
    foreign = Foreign([ours.process.pid, theirs.process.pid])
    a, b = [], []
    start = time.monotonic()
    while len(a) < REPETITIONS and not (a and time.monotonic() - start > SECONDS):
        a.append(ours.run())
        b.append(theirs.run())
    share = foreign.share()
    ours.close()
    theirs.close()
    per_row = 1e6 / rows
    say(f"{name} {rows:>6} rows, {len(a)} times: panmodel {median([t for t, _ in a]) * per_row:8.4f} us/row, "
        f"JPMML-Evaluator {median([t for t, _ in b]) * per_row:8.2f} us/row, ratio "
        f"{median([q[0] / p[0] for p, q in zip(a, b)]):6.0f}, of CPU time "
        f"{sum(q[1] for q in b) / sum(p[1] for p in a):6.0f}  "
        f"(largest difference {worst:.1g}; {share:.0%} of the machine used by others)")


def load(folder, loader, panmodel):
    """Whole processes: the model in memory on our side, its numbers in flat arrays on the other."""
    path = make("forest150m.pmml", folder)
    size = path.stat().st_size / 1e6
    foreign = Foreign()
    ours, theirs = [], []
    for _ in range(REPETITIONS):
        ours.append(run([panmodel, "inspect", path]))
        theirs.append(run([loader, path]))
    share = foreign.share()
    (took, cpu, memory), (peer, peer_cpu, peer_memory) = (
        [median(v) for v in zip(*times)] for times in (ours, theirs))
    memory, peer_memory = memory * 1.048576, peer_memory * 1.048576
    say(f"load {size:.0f} MB forest: panmodel {took:.3f} s ({cpu:.3f} s CPU), {memory:.0f} MB = "
        f"{memory / size:.2f} of the file; pugixml and decoding {peer:.3f} s ({peer_cpu:.3f} s CPU), "
        f"{peer_memory:.0f} MB; ratio {median([q[0] / p[0] for p, q in zip(ours, theirs)]):.2f}, of CPU "
        f"time {peer_cpu / cpu:.2f}  ({share:.0%} of the machine used by others)")


def convert(folder, panmodel):
    """Cold processes on both sides; ours checks what it has written."""
    source = make("forest200m", folder)
    theirs_source = jpmml_sklearn.accepted(source)
    command = [panmodel, "convert", source, folder / "forest200m.pmml", "--force", "-q"]
    foreign = Foreign()
    ours = [run(command) for _ in range(REPETITIONS)]
    theirs = [run(jpmml_sklearn.command(theirs_source, folder / "peer.pmml")) for _ in range(2)]
    ours += [run(command) for _ in range(REPETITIONS)]
    share = foreign.share()
    (took, cpu, memory), (peer, peer_cpu, peer_memory) = (
        [median(v) for v in zip(*times)] for times in (ours, theirs))
    say(f"convert {source.stat().st_size / 1e6:.0f} MB forest to PMML: panmodel {took:.2f} s ({cpu:.2f} s CPU), "
        f"{memory:.0f} MB, self-check included; JPMML-SkLearn {peer:.1f} s ({peer_cpu:.1f} s CPU), "
        f"{peer_memory:.0f} MB; ratio {peer / took:.1f}, of CPU time {peer_cpu / cpu:.1f}  "
        f"({share:.0%} of the machine used by others)")


def main():
    folder, driver, loader, panmodel = pathlib.Path(sys.argv[1]), *sys.argv[2:5]
    parts = sys.argv[5:] or ["score", "load", "convert"]
    if "score" in parts:
        for name in ("w1.pmml", "w2.pmml"):
            for rows in (10_000, 1):
                score(folder, driver, name, rows)
    if "load" in parts:
        load(folder, loader, panmodel)
    if "convert" in parts:
        convert(folder, panmodel)


if __name__ == "__main__":
    main()

"""Conversion and inspection of pickles against skl2onnx.

convert.py FOLDER PANMODEL
"""
import pathlib
import pickle
import subprocess
import sys
import time

import numpy as np

from common import Foreign, median, run, say
from make_models import FEATURES, make

REPETITIONS, PEER_REPETITIONS = 5, 2
SMALL_REPETITIONS = 50
PRIVATE_BYTES = 32 << 20
# A process of its own, so that its peak memory is its own; imports and reading are not counted.
PEER = f"""
import pickle, resource, sys, time
import numpy as np
from skl2onnx import to_onnx
with open(sys.argv[1], "rb") as file:
    model = pickle.load(file)
start, cpu = time.perf_counter(), time.process_time()
onx = to_onnx(model, np.zeros((1, {FEATURES}), np.float32))
with open(sys.argv[2], "wb") as file:
    file.write(onx.SerializeToString())
print(time.perf_counter() - start, time.process_time() - cpu,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def peer_convert(source, target):
    done = subprocess.run([sys.executable, "-c", PEER, source, target], capture_output=True, text=True,
                          check=True)
    took, cpu, memory = done.stdout.split()
    return float(took), float(cpu), float(memory)


def check_equal(source, target, panmodel, folder):
    """Our ONNX file in onnxruntime against scikit-learn, on rows that panmodel makes."""
    import onnxruntime
    with open(source, "rb") as file:
        model = pickle.load(file)
    rows = folder / "rows.csv"
    subprocess.run([panmodel, "rows", source, "--rows", "200", "-o", rows, "--force"], check=True)
    x = np.genfromtxt(rows, delimiter=",", skip_header=1)
    x = x[np.isfinite(x).all(axis=1)]
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: x})[0].ravel()
    wanted = model.predict(x.astype(np.float32))
    if not np.allclose(found, wanted, rtol=1e-12, atol=0):
        sys.exit(f"{source}: the converted model predicts otherwise")


def convert_large(folder, panmodel):
    source, target = make("forest200m", folder), folder / "forest200m.onnx"
    command = [panmodel, "convert", source, target, "--force", "-q"]
    run(command)
    check_equal(source, target, panmodel, folder)
    foreign = Foreign()
    ours = [run(command) for _ in range(REPETITIONS)]
    peer = []
    for _ in range(PEER_REPETITIONS):
        peer.append(peer_convert(source, folder / "peer.onnx"))
        ours += [run(command) for _ in range(REPETITIONS)]
    share = foreign.share()
    took, cpu, memory = (median(v) for v in zip(*ours))
    theirs, their_cpu, their_memory = (median(v) for v in zip(*peer))
    say(f"convert {source.stat().st_size / 1e6:.0f} MB forest: panmodel {took:.2f} s ({cpu:.2f} s CPU), "
        f"{memory:.0f} MB, self-check included; skl2onnx {theirs:.1f} s "
        f"({their_cpu:.1f} s CPU), {their_memory:.0f} MB; ratio {theirs / took:.0f}, of CPU time "
        f"{their_cpu / cpu:.0f}  ({share:.0%} of the machine used by others)")


def convert_small(folder, panmodel):
    source = make("small", folder)
    command = [panmodel, "convert", source, folder / "small.onnx", "--force", "-q"]
    run(command)
    foreign = Foreign()
    ours = [run(command) for _ in range(SMALL_REPETITIONS)]
    theirs, _, _ = peer_convert(source, folder / "peer.onnx")
    share = foreign.share()
    took, cpu, memory = (median(v) for v in zip(*ours))
    least = min(t for t, _, _ in ours)
    say(f"convert 1,000-node forest, cold process with self-check: panmodel {took * 1e3:.1f} ms, least "
        f"{least * 1e3:.1f} ms ({cpu * 1e3:.1f} ms CPU), {memory:.0f} MB; skl2onnx without imports {theirs * 1e3:.0f} ms  "
        f"({share:.0%} of the machine used by others)")


def inspect_large(folder, panmodel):
    source = make("forest1g", folder)
    for verb in ("inspect", "check"):
        command = [panmodel, verb, source]
        # The limit counts what a process maps for itself and may write: all but the mapped file.
        run(["prlimit", f"--data={PRIVATE_BYTES}", *command])
        foreign = Foreign()
        ours = [run(command) for _ in range(REPETITIONS)]
        share = foreign.share()
        start = time.perf_counter()
        with open(source, "rb") as file:
            pickle.load(file)
        theirs = time.perf_counter() - start
        took, cpu, memory = (median(v) for v in zip(*ours))
        say(f"{verb} {source.stat().st_size / 1e6:.0f} MB pickle: panmodel {took * 1e3:.1f} ms "
            f"({cpu * 1e3:.1f} ms CPU), {memory:.0f} MB resident with the mapped pages, of its own less "
            f"than {PRIVATE_BYTES >> 20} MB; "
            f"pickle.load {theirs * 1e3:.0f} ms  ({share:.0%} of the machine used by others)")


if __name__ == "__main__":
    directory = pathlib.Path(sys.argv[1])
    convert_small(directory, sys.argv[2])
    convert_large(directory, sys.argv[2])
    inspect_large(directory, sys.argv[2])

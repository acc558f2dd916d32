"""A call of a PFA document: panmodel_bench_action beside titus2, in one run and with one input.

bench/action.py BENCH_ACTION TITUS_PYTHON [DOCUMENT INPUT]: the best of five runs each. Without a document: an
addition. TITUS_PYTHON is that of build/peers-titus (scripts/setup.sh).
"""
import subprocess, sys, tempfile
from pathlib import Path

TITUS = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import titus_engine
engine = titus_engine.load(sys.argv[2])
row, calls = json.loads(sys.argv[3]), int(sys.argv[4])
start = time.perf_counter()
for _ in range(calls):
    engine.action(row)
print((time.perf_counter() - start) / calls)
"""
RUNS = 5


def best(command):
    return min(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(RUNS))


def main(bench, titus, document=None, row="3.5"):
    peers = Path(__file__).resolve().parent.parent / "tests" / "peers"
    with tempfile.TemporaryDirectory() as folder:
        if document is None:
            document = str(Path(folder) / "add.json")
            Path(document).write_text('{"input": "double", "output": "double", "action": {"+": ["input", 100]}}')
        ours = best([bench, document, row, "1000000"])
        theirs = best([titus, "-c", TITUS, str(peers), document, row, "20000"])
    print(f"panmodel {ours * 1e6:.3f} us, titus2 {theirs * 1e6:.3f} us a call: {theirs / ours:.0f} times")


if __name__ == "__main__":
    main(*sys.argv[1:])

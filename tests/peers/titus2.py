"""Titus, the scoring engine of PFA, started once per process (titus_engine.py): score()."""
import atexit, json, os, resource, select, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.environ.get("PANMODEL_TITUS", os.path.join(os.path.dirname(sys.prefix), "peers-titus/bin/python"))
SECONDS = 100
_engine = None


class NotAccepted(AssertionError):
    """Titus does not load the document."""


class Refused:
    """A row that Titus raises an error for."""

    def __init__(self, kind, message):
        self.kind, self.message = kind, message

    def __repr__(self):
        return f"{self.kind}: {self.message}"


def _start():
    if not os.path.exists(PYTHON):
        raise FileNotFoundError(f"{PYTHON}: run scripts/setup.sh --peers, or set PANMODEL_TITUS")
    stack = lambda: resource.setrlimit(resource.RLIMIT_STACK, (512 << 20, resource.RLIM_INFINITY))
    engine = subprocess.Popen([PYTHON, f"{HERE}/titus_engine.py"], stdin=subprocess.PIPE, preexec_fn=stack,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    atexit.register(engine.kill)
    return engine


def _answer(job):
    """The engine's answer; a process that has died or does not answer is named and started anew."""
    global _engine
    if _engine is None:
        _engine = _start()
    try:
        _engine.stdin.write(json.dumps(job) + "\n")
        _engine.stdin.flush()
        ready, _, _ = select.select([_engine.stdout], [], [], job["seconds"] + 30)
        line = _engine.stdout.readline() if ready else ""
    except BrokenPipeError:
        line = ""
    if line:
        return json.loads(line)
    _engine.kill()
    status = _engine.wait()
    _engine = None
    return {"error": "NoAnswer", "message": f"Titus ended with {status}" if ready else "Titus hangs"}


def score(document, rows, seconds=SECONDS):
    """The results of the document's action for the rows, values of JSON with None for null; a Refused
    where Titus raises an error. Raises NotAccepted when it does not load the document in time."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
        file.flush()
        answer = _answer({"document": os.path.abspath(document), "rows": file.name, "seconds": seconds})
    if "error" in answer:
        raise NotAccepted(f"Titus: {answer['error']}: {answer['message']}")
    return [r["value"] if "value" in r else Refused(r["error"], r["message"]) for r in answer["results"]]

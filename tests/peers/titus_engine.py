"""Titus as a process that scores PFA documents: run by titus2.py with the Python of build/peers-titus.

A job is a line of JSON on standard input, {"document": path, "rows": path, "seconds": limit}; the rows
are lines of JSON. The answer is a line of JSON on standard output: {"results": [...]} with {"value": v}
or {"error": class, "message": text} per row, or {"error": class, "message": text} when the document is
not accepted. Numbers that are none are NaN, Infinity and -Infinity, as Python writes them.

Titus was written for Python before 3.10 and numpy before 1.20: the names that have gone since are given
back to both before it is imported.
"""
import collections, inspect, json, signal, sys, threading

import numpy

Arguments = collections.namedtuple("Arguments", "args varargs keywords defaults")
inspect.getargspec = lambda f: Arguments(*inspect.getfullargspec(f)[:4])
for name, kind in dict(float=float, int=int, bool=bool, object=object, str=str).items():
    if name not in numpy.__dict__:
        setattr(numpy, name, kind)

from titus.genpy import PFAEngine  # noqa: E402: after the names above

LIMIT = {"seconds": 0}


class OutOfTime(BaseException):
    """No Exception, which a document's own "try" would catch."""


def expire(*_):
    raise OutOfTime(f"more than {LIMIT['seconds']} s")


def failure(e):
    return {"error": type(e).__name__, "message": " ".join(str(e).split())[:500]}


def load(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    yaml = path.endswith((".yaml", ".yml"))
    return (PFAEngine.fromYaml if yaml else PFAEngine.fromJson)(text)[0]


def score(engine, row):
    try:
        return {"value": engine.action(row)}
    except Exception as e:
        return failure(e)


def work(job):
    try:
        engine = load(job["document"])
        if engine.config.method != "map":
            return {"error": "NotMap", "message": "the method is " + engine.config.method}
        engine.begin()
        with open(job["rows"], encoding="utf-8") as file:
            return {"results": [score(engine, json.loads(line)) for line in file]}
    except Exception as e:
        return failure(e)


def serve(answers):
    for line in sys.stdin:
        job = json.loads(line)
        LIMIT["seconds"] = job["seconds"]
        signal.setitimer(signal.ITIMER_REAL, job["seconds"])
        try:
            answer = work(job)
        except OutOfTime as e:
            answer = failure(e)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, expire)
    sys.setrecursionlimit(100000)  # Titus reads trees by recursion; titus2.py gives the stack for it
    answers, sys.stdout = sys.stdout, sys.stderr  # documents may print
    serve(answers)

"""JPMML-Evaluator, started once per process (Jpmml.java): score() and verify()."""
import atexit, glob, importlib.util, os, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
_machine = None


def _job(*words):
    global _machine
    if _machine is None:
        package = os.path.dirname(importlib.util.find_spec("jpmml_evaluator").origin)
        jars = sorted(glob.glob(f"{package}/dependencies/*.jar"))
        _machine = subprocess.Popen(
            ["java", "-Xss8m", "-cp", ":".join(jars), f"{HERE}/Jpmml.java"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(_machine.kill)
    _machine.stdin.write("\t".join(words) + "\n")
    _machine.stdin.flush()
    answer = _machine.stdout.readline().rstrip("\n")
    if answer != "ok":
        raise AssertionError(f"JPMML {words[0]}: {answer or 'no answer'}")


def score(model, data, output, visitors=True):
    """Writes its results for the rows of a CSV file; a refused row has its reason in "error"."""
    _job("score" if visitors else "plain", model, data, output)


def verify(model):
    """Its own check of the embedded ModelVerification; raises AssertionError when it fails."""
    _job("verify", model)

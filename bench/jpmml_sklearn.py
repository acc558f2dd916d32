"""JPMML-SkLearn: pickle -> PMML with the jars that the package sklearn2pmml ships."""
import importlib.util
import pathlib

# The newest release that the pinned JPMML-SkLearn accepts. The state of our forests is the same in the
# release that wrote them, so only the recorded version differs.
OWN, KNOWN = b"\x8c\x051.9.1", b"\x8c\x051.9.0"


def command(source, target):
    """Started by its main class: nothing reports to its makers, as the Python wrapper would."""
    package = pathlib.Path(importlib.util.find_spec("sklearn2pmml").origin).parent / "resources"
    jars = [str(package / name) for name in (package / "classpath.txt").read_text().split()]
    return ["java", "-Xmx14g", "-cp", ":".join(jars), "com.sklearn2pmml.Main", "--pkl-input", source,
            "--pmml-output", target]


def accepted(source):
    """The pickle as JPMML-SkLearn takes it, beside the original."""
    target = source.with_suffix(".jpmml.pkl")
    if not target.exists():
        target.write_bytes(source.read_bytes().replace(OWN, KNOWN))
    return target

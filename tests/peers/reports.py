"""Reports as their readers see them: JUnit through junitparser and a schema, JSON and plans through
jsonschema, annotations as the runner of GitHub takes them apart. Names hold whatever a model can hold."""
import json, os, pathlib, re, subprocess, sys, tempfile

import jsonschema, junitparser, xmlschema, yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PANMODEL = os.environ["PANMODEL"]
DATA = ROOT / "testdata/pickle"
CHURN = ROOT / "testdata/churn"
ROWS = str(DATA / "rows.csv")
HOSTILE = "]]></failure>&\"'<b>|`@x`\n::error::%0A,:\r\x01\ufffe\u00e4"
failed = 0


def expect(name, good, said=""):
    global failed
    if not good:
        failed += 1
        print(f"FAILED {name}: {said}")


def run(*arguments, code=0):
    done = subprocess.run([PANMODEL, *map(str, arguments)], capture_output=True)
    expect(" ".join(map(str, arguments)), done.returncode == code,
           f"exit code {done.returncode}, expected {code}: {done.stderr.decode()}")
    return done.stdout.decode()


def schema(name):
    with open(ROOT / f"docs/schema/{name}.schema.json") as file:
        text = json.load(file)
    jsonschema.Draft202012Validator.check_schema(text)
    return jsonschema.Draft202012Validator(text)


def junit(name, text, cases, failures, skipped):
    """Through both readers; gives the cases."""
    JUNIT.validate(text)
    suites = list(junitparser.JUnitXml.fromstring(text.encode()))
    found = [case for suite in suites for case in suite]
    sums = (sum(s.tests for s in suites), sum(s.failures for s in suites), sum(s.skipped for s in suites))
    expect(name, sums == (cases, failures, skipped) and len(found) == cases, f"{sums}, {len(found)} cases")
    kinds = [type(r).__name__ for case in found for r in case.result]
    expect(name, kinds.count("Failure") == failures and kinds.count("Skipped") == skipped, kinds)
    return found


def annotations(text):
    """Workflow commands of lines, as GitHub's runner reads them: properties first, then the message."""
    def plain(value):
        for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            value = value.replace(code, char)
        return value
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(\w+) ?(.*?)::(.*)", line)
        if match:
            pairs = dict(p.split("=", 1) for p in match[2].split(",") if p)
            found.append((match[1], {k: plain(v) for k, v in pairs.items()}, plain(match[3])))
    return found


def hostile(folder):
    quoted = json.dumps(HOSTILE, ensure_ascii=False).replace("\\u0001", "\\x01")
    first, second, rows = (folder / n for n in ("a.panir", "b.panir", "rows.csv"))
    first.write_text(f'panir 1\ninput "x" %0: f64[N,1]\noutput {quoted} %0 value\n', newline="")
    second.write_text('panir 1\ninput "x" %0: f64[N,1]\n%1: f32[N,1] = tensor.cast(%0) {to=f32}\noutput "y" %1 value\n')
    rows.write_text("x\n0.1\n")
    common = ["compare", first, second, "--data", rows, "--rtol", 0, "--atol", 0, "--format"]
    found = junit("hostile junit", run(*common, "junit", code=1), 3, 1, 0)
    shown = "]]></failure>&\"'<b>|`@x`\\n::error::%0A,:\\r\\x01"
    expect("hostile junit", found[0].name.startswith(shown), found[0].name)
    expect("hostile json", json.loads(run(*common, "json", code=1))["outputs"][0]["first"] == HOSTILE)
    told = annotations(run(*common, "github", code=1))
    expect("hostile github", len(told) == 1 and told[0][0] == "error" and shown in told[0][1]["title"], told)
    expect("hostile github", told[0][1]["file"] == str(second), told)
    table = [line for line in run(*common, "markdown", code=1).splitlines() if line.startswith("|")]
    expect("hostile markdown", len(table) == 5 and all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in table), table)
    expect("hostile markdown", not any("<b>" in line or "@x" in line for line in table), table)


def reports(folder):
    forest, logistic = DATA / "forest.pkl", DATA / "logistic.pkl"
    recorded = ["validate", forest, "--data", ROWS, "--expect", DATA / "forest.expected.csv", "--format"]
    junit("validate", run(*recorded, "junit"), 4, 0, 0)
    pair = ["compare", forest, logistic, "--data", ROWS, "--format"]
    junit("compare", run(*pair, "junit", code=1), 4, 2, 0)
    told = annotations(run(*pair, "github", code=1))
    expect("compare github", [t[0] for t in told] == ["error", "error", "warning"] and told[0][1]["file"] == str(logistic), told)
    junit("check", run("check", DATA / "hostile.pkl", forest, "--format", "junit", code=3), 2, 1, 0)
    plan = ["validate", ROOT / "testdata/plan/plan.yaml", "--today", "2026-11-24", "--format"]
    found = junit("plan", run(*plan, "junit"), 7, 0, 1)
    expect("plan", any("calibrated" in r.message for c in found for r in c.result), "the reason of the waiver is missing")
    expired = ["validate", ROOT / "testdata/plan/plan.yaml", "--today", "2027-01-01", "--format"]
    junit("expired waiver", run(*expired, "junit", code=1), 8, 2, 0)
    told = annotations(run(*expired, "github", code=1))
    line = (ROOT / "testdata/plan/plan.yaml").read_text().splitlines().index("      - check: predict_proba") + 1
    expect("expired waiver", any(t[1].get("line") == str(line) and "expired" in t[2] for t in told), told)

    compare, validate, report, inspect = (schema(n) for n in ("compare", "validate", "report", "inspect"))
    compare.validate(json.loads(run(*pair, "json", code=1)))
    compare.validate(json.loads(run(*pair, "json", "--max-changed", "30%", "--max-difference", "0.9")))
    validate.validate(json.loads(run(*recorded, "json")))
    report.validate(json.loads(run(*plan, "json")))
    report.validate(json.loads(run(*expired, "json", code=1)))
    report.validate(json.loads(run("check", DATA / "hostile.pkl", "--format", "json", code=3)))
    report.validate(json.loads(run("convert", CHURN / "churn.pkl", folder / "c.onnx", "--zipmap", "--format", "json")))
    for model in (forest, CHURN / "churn.pkl", ROOT / "testdata/onnx/forest.onnx", ROOT / "testdata/pmml/tree.pmml"):
        inspect.validate(json.loads(run("inspect", model, "--format", "json")))


class PlainLoader(yaml.SafeLoader):
    """YAML 1.2, which has no dates."""


PlainLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def plans():
    """The schema of plans takes what panmodel takes, and refuses what it refuses."""
    plan = schema("plan")
    good = yaml.load((ROOT / "testdata/plan/plan.yaml").read_text(), PlainLoader)
    plan.validate(good)
    refused = 0
    text = (ROOT / "tests/golden/plan/bad-plans.test").read_text()
    for name, body in re.findall(r"^# FILE (\w+\.yaml)\n(.*?)(?=^# )", text, re.M | re.S):
        try:
            documents = list(yaml.load_all(body, PlainLoader))
        except yaml.YAMLError:
            continue
        # What only a reader can know: a date that no calendar has, names and keys given twice, two documents.
        if name in ("k.yaml", "n.yaml", "o.yaml", "p.yaml", "j.yaml", "g.yaml"):
            continue
        expect(f"plan {name}", not plan.is_valid(documents[0]), "the schema takes what panmodel refuses")
        refused += 1
    expect("plans", refused >= 9, refused)


JUNIT = xmlschema.XMLSchema(str(ROOT / "tests/peers/junit.xsd"))
with tempfile.TemporaryDirectory() as scratch:
    hostile(pathlib.Path(scratch))
    reports(pathlib.Path(scratch))
    plans()
print("reports: every reader agrees" if failed == 0 else f"{failed} failed")
sys.exit(failed != 0)

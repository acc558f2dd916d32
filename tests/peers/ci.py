"""What docs/ci.md offers, as far as it runs without its service: the action and the snippets against the
published schemas, the steps of the action one after the other, the hooks through pre-commit."""
import os, pathlib, re, shutil, subprocess, sys, tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PANMODEL = pathlib.Path(os.environ["PANMODEL"])
BIN = pathlib.Path(sys.executable).parent
DATA = ROOT / "testdata"
failed = 0


def expect(name, good, said=""):
    global failed
    if not good:
        failed += 1
        print(f"FAILED {name}: {said}")


def run(name, *command, code=0, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    expect(name, done.returncode == code, f"exit code {done.returncode}, expected {code}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def schemas(scratch):
    published = [BIN / "check-jsonschema", "--builtin-schema"]
    run("action.yml", *published, "vendor.github-actions", ROOT / "action.yml")
    run("hooks", BIN / "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")
    blocks = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs/ci.md").read_text(), re.M | re.S)
    checks = ((*published, "vendor.github-workflows"),
              (*published, "vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
              (BIN / "pre-commit", "validate-config"))
    expect("docs/ci.md", len(blocks) == len(checks), f"{len(blocks)} blocks of YAML")
    for number, (block, check) in enumerate(zip(blocks, checks)):
        file = scratch / f"block{number}.yaml"
        file.write_text(block)
        run(f"block {number} of docs/ci.md", *check, file)
    # The schemas find what is wrong, too.
    wrong = scratch / "action.yml"
    wrong.write_text((ROOT / "action.yml").read_text().replace("      shell: bash\n", "", 1))
    run("an action without a shell", *published, "vendor.github-actions", wrong, code=1)


def steps(scratch, inputs, code=0):
    """Every step of the action that is a script, as the runner calls it. Gives outputs, log and summary."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = {name: value["default"] for name, value in action["inputs"].items()} | inputs
    home = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    (home / "temp/panmodel/bin").mkdir(parents=True)
    shutil.copy(PANMODEL, home / "temp/panmodel/bin/panmodel")  # as the cache would bring it back
    outputs, log = {}, ""

    def value(text):
        def known(match):
            parts = match[1].split(".")
            return given[parts[1]] if parts[0] == "inputs" else outputs[parts[1]][parts[3]]
        return re.sub(r"\$\{\{ ([\w.]+) \}\}", known, text)

    for number, step in enumerate(action["runs"]["steps"]):
        if "run" not in step:
            continue
        file = home / f"output{number}"
        file.touch()
        environment = dict(os.environ, GITHUB_ACTION_PATH=str(ROOT), RUNNER_TEMP=str(home / "temp"), GITHUB_OUTPUT=str(file),
                           GITHUB_STEP_SUMMARY=str(home / "summary.md"),
                           **{k: value(v) for k, v in step.get("env", {}).items()})
        last = step is action["runs"]["steps"][-1]
        log += run(f"step {step['id']} with {inputs}", "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c",
                   step["run"], code=code if last else 0, env=environment, cwd=scratch)
        outputs[step["id"]] = dict(line.split("=", 1) for line in file.read_text().splitlines())
    summary = home / "summary.md"
    return value(action["outputs"]["passed"]["value"]), log, summary.read_text() if summary.exists() else ""


def action(scratch):
    shutil.copytree(DATA / "pickle", scratch / "models/deep er")
    shutil.copytree(DATA, scratch / "testdata")
    inputs = {"models": "models/**/for*.pkl\nmodels/deep er/logistic.pkl\n", "plan": "testdata/plan/plan.yaml", "reports": "reports"}
    # The plan's waiver ends; what this test is about does not.
    plan = scratch / "testdata/plan/plan.yaml"
    plan.write_text(plan.read_text().replace("2026-12-31", "2999-12-31"))
    passed, log, summary = steps(scratch, inputs)
    expect("a good run", passed == "true" and "::notice" in log and "### panmodel check: passed" in summary
           and "### panmodel validate: passed" in summary, (passed, log, summary))
    expect("a good run", all((scratch / "reports" / f"{v}.xml").stat().st_size > 0 for v in ("check", "validate")))
    passed, log, summary = steps(scratch, {"models": "models/**/*.pkl"}, code=3)
    expect("a hostile model", passed == "false" and re.search(r"^::error file=models/deep er/hostile.pkl", log, re.M)
           and "**FAILED**" in summary, (passed, log, summary))
    passed, log, _ = steps(scratch, {"models": "none/*.pkl"}, code=2)
    expect("a pattern without files", passed == "false" and "no file matches" in log, log)
    passed, log, _ = steps(scratch, {}, code=2)
    expect("nothing to do", passed == "false" and "nothing to do" in log, log)


def hooks(scratch):
    """The hooks in a repository of their own, so that it has a commit to name."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
    theirs, ours = scratch / "hooks", scratch / "user"
    (theirs / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", theirs)
    shutil.copy(ROOT / "scripts/pre-commit.sh", theirs / "scripts")
    shutil.copytree(DATA / "pickle", ours / "models")
    (ours / "models/plan.yaml").write_text("panmodel_plan: 1\nentries:\n  - model: forest.pkl\n    data: rows.csv\n"
                                           "    expect: forest.expected.csv\n")
    for folder in (theirs, ours):
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
            run("git", *git, *command, cwd=folder)
    commit = run("git", *git, "rev-parse", "HEAD", cwd=theirs).strip()
    (ours / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": str(theirs), "rev": commit, "hooks": [
        {"id": "panmodel-check"}, {"id": "panmodel-validate", "args": ["models/plan.yaml"]}]}]}))
    run("git", *git, "add", "-A", cwd=ours)
    environment = dict(os.environ, PRE_COMMIT_HOME=str(scratch / "home"), PATH=f"{PANMODEL.parent}:{os.environ['PATH']}")
    command = [BIN / "pre-commit", "run", "--all-files", "--color", "never"]
    said = run("a hostile model", *command, code=1, cwd=ours, env=environment)
    expect("a hostile model", "[pickle-global]" in said and re.search(r"panmodel validate\.+Passed", said), said)
    (ours / "models/hostile.pkl").unlink()
    run("git", *git, "add", "-A", cwd=ours)
    said = run("good models", *command, cwd=ours, env=environment)
    expect("good models", len(re.findall(r"\.Passed", said)) == 2, said)
    rows = ours / "models/forest.expected.csv"
    rows.write_text(rows.read_text().replace("\nmid,", "\nlow,", 1))
    said = run("another prediction", *command, code=1, cwd=ours, env=environment)
    expect("another prediction", re.search(r"panmodel validate\.+Failed", said) and "predict is mid, expected low" in said, said)


with tempfile.TemporaryDirectory() as place:
    for job in (schemas, action, hooks):
        folder = pathlib.Path(place) / job.__name__
        folder.mkdir()
        job(folder)
print("ci: everything of docs/ci.md that runs here does" if failed == 0 else f"{failed} failed")
sys.exit(failed != 0)

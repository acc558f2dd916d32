"""Small PMML documents, one point of the specification each, against JPMML-Evaluator 1.7.7.

Every row must give what JPMML gives: labels and texts equal, doubles within 1e-13, floats
(x-mathContext) to the bit; a row that JPMML refuses is refused, and a document that it refuses for
all rows is not read. Where panmodel differs on purpose the case says what panmodel gives instead
(docs/pmml.md)."""
import csv, io, itertools, os, struct, subprocess, sys, tempfile

import jpmml

PANMODEL = os.environ["PANMODEL"]
HEAD = '<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>'
NUMBER = '<DataField name="{}" optype="continuous" dataType="{}"/>'
X, Y = NUMBER.format("x", "double"), NUMBER.format("y", "double")
USE_X, USE_Y = '<MiningField name="x"/>', '<MiningField name="y" usageType="target"/>'


def document(fields, model):
    return f"{HEAD}<DataDictionary>{fields}</DataDictionary>{model}</PMML>"


def output(name, feature="predictedValue", data_type="double", rest="", body=""):
    return (f'<OutputField name="{name}" feature="{feature}" dataType="{data_type}" '
            f'optype="continuous" {rest}>{body}</OutputField>')


def constant(outputs="", fields=X + Y, schema=USE_Y + USE_X, transformations="", value="1"):
    """A model that predicts a constant: what counts are its fields and outputs."""
    model = (f'<RegressionModel functionName="regression"><MiningSchema>{schema}</MiningSchema>'
             f"<Output>{outputs}</Output>{transformations}"
             f'<RegressionTable intercept="{value}"/></RegressionModel>')
    return document(fields, model) if fields else model


def normalizations():
    """Every normalizationMethod for every shape of a RegressionModel, in double and in single precision."""
    methods = ("none", "simplemax", "softmax", "logit", "probit", "cloglog", "exp", "loglog", "cauchit")
    shapes = (("regression", 1, 1), ("categorical", 1, 2), ("categorical", 2, 2), ("categorical", 3, 3),
              ("categorical", 2, 3), ("ordinal", 1, 2), ("ordinal", 1, 3), ("ordinal", 1, 4))
    rows = "x0,x1,x2\n" + "".join(f"{a},{b},{c}\n" for a, b, c in itertools.product(
        (-30, -2.5, -0.3125, 0, 0.25, 1.1015625, 4.75), (-3.5, 0.0625, 2), (-1.25, 0.5, 6)))
    for precision in ("double", "float"):
        fields = "".join(NUMBER.format(f"x{i}", precision) for i in range(3))
        use = USE_Y + "".join(f'<MiningField name="x{i}"/>' for i in range(3))
        for (kind, terms, classes), method in itertools.product(shapes, methods):
            if precision == "float" and method == "probit":
                continue  # JPMML has none in single precision
            attributes = f'normalizationMethod="{method}" x-mathContext="{precision}"'
            tables, outputs = "", ""
            target = NUMBER.format("y", precision)
            for k in range(classes):
                name, weight = ("x0", 0.7) if kind == "ordinal" else (f"x{k}", 1.5)
                last = kind == "ordinal" and k + 1 == classes
                term = f'<NumericPredictor name="{name}" coefficient="{weight}"/>' if k < max(
                    terms, classes if kind == "ordinal" else 0) and not last else ""
                category = f'targetCategory="c{k}"' if classes > 1 else ""
                tables += f'<RegressionTable intercept="{1.5 * k - 1}" {category}>{term}</RegressionTable>'
                outputs += output(f"p{k}", "probability", precision, f'value="c{k}"')
            if classes == 1:
                model = f'<RegressionModel functionName="regression" {attributes}>' \
                        f"<MiningSchema>{use}</MiningSchema>{tables}</RegressionModel>"
            else:
                target = f'<DataField name="y" optype="{kind}" dataType="string">' + \
                    "".join(f'<Value value="c{k}"/>' for k in range(classes)) + "</DataField>"
                model = f'<RegressionModel functionName="classification" {attributes}>' \
                        f"<MiningSchema>{use}</MiningSchema><Output>{outputs}</Output>{tables}</RegressionModel>"
            yield f"{method} {precision} {kind} {terms}/{classes}", document(target + fields, model), rows


def treatments():
    """What a MiningField does with invalid, outlying and missing cells, and what isValid says of them."""
    def tests(data_type):
        ask = lambda f: f'<Apply function="{f}"><FieldRef field="x"/></Apply>'
        return "".join(output(f, "transformedValue", "boolean", body=ask(f))
                       for f in ("isValid", "isNotValid", "isMissing", "isNotMissing")) + \
            output("cell", "transformedValue", data_type, body='<FieldRef field="x"/>')
    number = '<DataField name="x" optype="continuous" dataType="double">' \
        '<Interval closure="closedClosed" leftMargin="0" rightMargin="10"/>' \
        '<Value value="-99" property="missing"/><Value value="5" property="invalid"/></DataField>'
    text = '<DataField name="x" optype="categorical" dataType="string"><Value value="a"/><Value value="b"/>' \
        '<Value value="NN" property="missing"/><Value value="q" property="invalid"/></DataField>'
    invalid = ["returnInvalid", "asIs", "asMissing"]
    for rest in ["", *(f'missingValueTreatment="{t}"' for t in ("returnInvalid", "x-returnInvalid")),
                 'missingValueReplacement="7"', 'invalidValueReplacement="3"',
                 'missingValueTreatment="returnInvalid" missingValueReplacement="7"',
                 'outliers="asMissingValues" lowValue="1" highValue="9"',
                 'missingValueTreatment="returnInvalid" outliers="asMissingValues" lowValue="1" highValue="9"',
                 'outliers="asExtremeValues" lowValue="1" highValue="9"']:
        for treatment in invalid + ["asValue"] * ("invalid" in rest):
            schema = USE_Y + f'<MiningField name="x" invalidValueTreatment="{treatment}" {rest}/>'
            yield f"number {treatment} {rest}", constant(tests("double"), number + Y, schema), \
                "x\n1\n0.5\n9.5\n11\n-1\n-99\n5\n\n"
    for rest in ["", 'missingValueReplacement="b"', 'missingValueReplacement="zz"', 'invalidValueReplacement="b"']:
        for treatment in invalid + ["asValue"] * ("invalid" in rest):
            schema = USE_Y + f'<MiningField name="x" invalidValueTreatment="{treatment}" {rest}/>'
            yield f"text {treatment} {rest}", constant(tests("string"), text + Y, schema), "x\na\nz\nq\nNN\n\n"


def less(limit):
    return f'<SimplePredicate field="x" operator="lessThan" value="{limit}"/>'


def segment(limit, value, outputs, identifier=""):
    return f"<Segment {identifier}>{less(limit)}{constant(outputs, '', value=value)}</Segment>"


def tree_segment(limit, identifier=""):
    return f'<Segment {identifier}>{less(limit)}<TreeModel functionName="regression"><MiningSchema>{USE_Y}{USE_X}' \
        f'</MiningSchema><Node id="n0" score="1"><True/><Node id="n1" score="2">{less(-2)}</Node>' \
        '<Node id="n2" score="3"><True/></Node></Node></TreeModel></Segment>'


def mining(method, segments, outputs=""):
    return document(X + Y, '<MiningModel functionName="regression"><MiningSchema>' + USE_Y + USE_X +
                    f"</MiningSchema><Output>{outputs}</Output>"
                    f'<Segmentation multipleModelMethod="{method}">{segments}</Segmentation></MiningModel>')


def segments():
    rows = "x\n-3\n-1\n1\n6\n20\n\n"
    first = segment(0, 1, output("a") + output("c"), 'id="A"') + \
        segment(5, 2, output("b") + output("c", data_type="integer")) + segment(9, 3, output("a"))
    yield "outputs that not every segment has", mining("selectFirst", first), rows
    one, two = output("one", rest='segmentId="A"'), output("two", rest='segmentId="2"')
    yield "values of single segments, the first", mining("selectFirst", first, one + two), rows
    simple = "".join(segment(limit, value, "", identifier) for limit, value, identifier
                     in ((0, 1, 'id="A"'), (5, 2, ""), (9, 3, "")))
    yield "values of single segments, the sum", mining("sum", simple, one + two), rows
    trees = tree_segment(0, 'id="A"') + tree_segment(5)
    yield "the segment that is selected", mining("selectFirst", trees, output("e", "entityId", "string")), "x\n-3\n1\n"
    yield "the last segment", mining("modelChain", trees, output("e", "entityId", "string")), "x\n-3\n1\n"
    nodes = output("n", "entityId", "string", 'segmentId="A"') + output("m", "entityId", "string", 'segmentId="2"')
    for method in ("sum", "selectFirst"):
        yield f"nodes of single segments, {method}", mining(method, trees, nodes), rows


    targets = segment(0, 1, output("a"), 'id="A"') + segment(5, 2, output("a")) + segment(7, 3, output("a"))
    yield "all that are selected", mining("selectAll", targets), rows


def dates():
    """Trees compare dates with constants; the order of a cycle is none."""
    for data_type, cut, values in (
            ("date", "2003-04-01", ("2003-03-31", "2003-04-01", "2003-04-02", "1969-12-31")),
            ("time", "10:30:00", ("10:29:59", "10:30:00", "23:59:59")),
            ("dateTime", "2003-04-01T10:30:00", ("2003-04-01T10:29:59", "2003-04-01T10:30:00")),
            ("dateDaysSince[1960]", "15796", ("15795", "15796", "15797"))):
        field = f'<DataField name="x" optype="ordinal" dataType="{data_type}" isCyclic="1"/>'
        for test in ("lessThan", "lessOrEqual", "equal", "notEqual", "greaterThan", "greaterOrEqual"):
            node = f'<SimplePredicate field="x" operator="{test}" value="{cut}"/>'
            tree = '<TreeModel functionName="regression" missingValueStrategy="lastPrediction">' \
                f'<MiningSchema>{USE_Y}{USE_X}</MiningSchema><Node score="1"><True/><Node score="2">{node}</Node>' \
                '<Node score="3"><True/></Node></Node></TreeModel>'
            yield f"{test} of a {data_type}", document(field + Y, tree), "x\n" + "\n".join(values) + "\n\n"


def regressions_in_nodes():
    """A missing predictor leaves the score of the node."""
    z = NUMBER.format("z", "double")
    inner = lambda slope: '<Regression functionName="regression"><RegressionTable intercept="0.5">' \
        f'<NumericPredictor name="z" coefficient="{slope}"/></RegressionTable></Regression>'
    model = '<TreeModel functionName="regression" missingValueStrategy="defaultChild"><MiningSchema>' + \
        USE_Y + USE_X + '<MiningField name="z"/></MiningSchema>' \
        '<Node score="1" defaultChild="b"><True/>' \
        f'<Node id="a" score="2">{less(0)}{inner(3)}</Node><Node id="b" score="3" defaultChild="d"><True/>' \
        f'<Node id="c" score="4">{less(5)}</Node><Node id="d" score="5"><True/>{inner(-1.1)}</Node></Node>' \
        "</Node></TreeModel>"
    yield "regressions in nodes", document(X + z + Y, model), "x,z\n-1,2\n-1,\n1,2\n9,0.3\n9,\n,1\n"


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return None


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def equal(got, want, floats):
    if got == want:
        return True
    a, b = number(got), number(want)
    if a is None or b is None:
        return False
    if floats:
        return single(a) == single(b)
    return a == b or abs(a - b) <= max(1e-13 * abs(b), 1e-15)


def table(text):
    """Rows by column; a missing cell alone in its row is an empty line."""
    lines = [line or [""] for line in csv.reader(io.StringIO(text, newline=""))]
    return [dict(zip(lines[0], line)) for line in lines[1:]] if lines else []


def difference(name, text, rows, folder):
    model, data, scored = (os.path.join(folder, f) for f in ("model.pmml", "rows.csv", "scored.csv"))
    with open(model, "w") as file:
        file.write(text)
    with open(data, "w") as file:
        file.write(rows)
    try:
        jpmml.score(model, data, scored)
        with open(scored, newline="") as file:
            wanted = table(file.read())
    except AssertionError:
        wanted = []
    done = subprocess.run([PANMODEL, "predict", model, "--data", data], capture_output=True, text=True)
    if all(row["error"] for row in wanted):
        return "" if done.returncode in (3, 4) else "is read, JPMML refuses it"
    found = table(done.stdout)
    if len(found) != len(wanted):
        return done.stderr.strip() or f"{len(found)} rows, expected {len(wanted)}"
    for i, (got, want) in enumerate(zip(found, wanted)):
        for column in want:
            if column == "error":
                continue
            if column not in got and f"{column}:2" in got:
                # selectAll: JPMML has a list, panmodel an output per segment.
                want[column] = want[column].strip("[]")
                got[column] = ", ".join(v for k, v in got.items() if k.startswith(f"{column}:") and v)
            if column not in got:
                return f"no column {column}"
            if not equal(got[column], want[column], 'x-mathContext="float"' in text):
                return f"row {i} {column}: {got[column] or 'missing'}, expected {want[column] or 'missing'}"
        if want["error"] and f"row {i} is refused" not in done.stderr:
            return f"row {i} is not refused, JPMML: {want['error']}"
    return ""


def encodings(folder):
    """A document is told by its content, whatever its encoding and its name."""
    text = constant(output("t", "transformedValue", "double", body='<FieldRef field="x"/>'))
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        path = os.path.join(folder, "model.bin")
        with open(path, "wb") as file:
            file.write(text.encode(encoding))
        done = subprocess.run([PANMODEL, "predict", path, "--data", "-"], input="x\n2.5\n", capture_output=True,
                              text=True)
        if done.stdout != "y,t\n1.0,2.5\n":
            yield f"{encoding}: {done.stdout or done.stderr}"


def main():
    cases, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for family in (normalizations, treatments, segments, dates, regressions_in_nodes):
            for name, text, rows in family():
                cases += 1
                found = difference(name, text, rows, folder)
                if found:
                    wrong.append(f"{family.__name__}: {name}: {found}")
        wrong += encodings(folder)
    print(f"{cases} documents, {len(wrong)} differ")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

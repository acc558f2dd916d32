"""The tables of formats/onnx that restate ONNX: schema.def against the descriptors of the official
onnx package, operators_*.def and attributes.def against its operator schemas. With --write it makes
these anew."""
import pathlib, re, sys

import onnx.defs

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "formats" / "onnx"
UNLIMITED = 0x7FFFFFFF
ATTRIBUTE_TYPES = {"FLOAT": "real", "INT": "integer", "STRING": "string", "TENSOR": "tensor",
                   "GRAPH": "graph", "FLOATS": "reals", "INTS": "integers", "STRINGS": "strings",
                   "SPARSE_TENSOR": "sparse_tensor", "TYPE_PROTO": "type_proto"}
MADE = "made by tests/peers/onnx_definitions.py --write\n"
OPERATORS = "// Operators of ONNX {version}, {which}, every version of each,\n// " + MADE + """\
// from the official package, which the same script compares them with.
//
// OP(domain, name, since, min_inputs, max_inputs, min_outputs, max_outputs, deprecated, first,
// count): its attributes are `count` entries of attributes.def from `first` on. -1: no upper limit.
"""
ATTRIBUTES = "// The attributes of the operators of operators_*.def: " + MADE + """\
//
// ATTR(name, type, required): lists one after the other, equal ones once.
"""


def definitions():
    """File name to content."""
    schemas = sorted(onnx.defs.get_all_schemas_with_history(),
                     key=lambda s: (s.domain, s.name, s.since_version))
    attributes, first = [], {}
    rows = {"a_l": [], "m_z": [], "ml": []}
    for s in schemas:
        own = tuple((a.name, ATTRIBUTE_TYPES[a.type.name], a.required)
                    for a in sorted(s.attributes.values(), key=lambda a: a.name))
        if own not in first:
            first[own] = len(attributes)
            attributes += own
        top = [-1 if n == UNLIMITED else n for n in (s.max_input, s.max_output)]
        file = "ml" if s.domain else "a_l" if s.name < "M" else "m_z"
        rows[file].append(f'PANMODEL_ONNX_OP("{s.domain}", "{s.name}", {s.since_version}, {s.min_input}, '
                          f'{top[0]}, {s.min_output}, {top[1]}, {str(s.deprecated).lower()}, '
                          f'{first[own]}, {len(own)})')
    lines = [""]
    for name, kind, required in attributes:
        entry = f'PANMODEL_ONNX_ATTR("{name}", {kind}, {str(required).lower()})'
        if len(lines[-1]) + len(entry) >= 100:
            lines.append("")
        lines[-1] += " " * bool(lines[-1]) + entry
    which = {"a_l": "names A to L of ai.onnx", "m_z": "names M to Z of ai.onnx", "ml": "of the other domains"}
    files = {f"operators_{file}.def": OPERATORS.format(version=onnx.__version__, which=which[file])
             + "\n".join(list_) + "\n" for file, list_ in rows.items()}
    return {**files, "attributes.def": ATTRIBUTES + "\n".join(lines) + "\n"}


def check_operators():
    problems = []
    for name, content in definitions().items():
        made, kept = content.splitlines(), (FOLDER / name).read_text().splitlines()
        print(f"{len(kept)} lines of {name} compared")
        problems += [f"{name}: {line}" for line in sorted(set(made) ^ set(kept))]
        if not problems and made != kept:
            problems.append(f"{name}: the order of lines")
    return problems


def official_fields():
    from onnx import onnx_ml_pb2, onnx_data_pb2
    pending = [*onnx_ml_pb2.DESCRIPTOR.message_types_by_name.values(),
               *onnx_data_pb2.DESCRIPTOR.message_types_by_name.values()]
    fields = {}
    scalar = {1: "real64", 2: "real32", 3: "int64", 4: "uint64", 5: "int32", 8: "boolean",
              9: "string", 11: "message", 12: "bytes", 14: "enumeration"}
    while pending:
        m = pending.pop()
        pending += m.nested_types
        name = m.full_name.removeprefix("onnx.")
        for f in m.fields:
            repeated = f.is_repeated if hasattr(f, "is_repeated") else f.label == f.LABEL_REPEATED
            label = ("packed" if f.GetOptions().packed else "repeated") if repeated else \
                "oneof" if f.containing_oneof is not None else "optional"
            target = f.message_type or f.enum_type
            kind = target.full_name.removeprefix("onnx.") if target else ""
            fields[name, f.number] = (f.name, label, scalar[f.type], kind)
    return fields


def check_schema():
    message, ours = None, {}
    for line in (FOLDER / "schema.def").read_text().splitlines():
        if found := re.match(r'PANMODEL_ONNX_BEGIN\(\w+, "([\w.]+)"\)', line):
            message = found[1]
        elif found := re.match(r'PANMODEL_ONNX_FIELD\(\w+, (\d+), (\w+), (\w+), (\w+), "([\w.]*)"\)',
                               line):
            ours[message, int(found[1])] = found.groups()[1:]
    official = official_fields()
    print(f"{len(ours)} fields of schema.def compared with {len(official)} of onnx")
    return [f"schema.def: {key}: {ours.get(key)}, onnx has {official.get(key)}"
            for key in sorted(ours.keys() | official.keys()) if ours.get(key) != official.get(key)]


def main():
    if sys.argv[1:] == ["--write"]:
        for name, content in definitions().items():
            (FOLDER / name).write_text(content)
        return 0
    problems = check_schema() + check_operators()
    print("\n".join(problems) or "no difference")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

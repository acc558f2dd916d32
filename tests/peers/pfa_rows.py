"""PFA documents that panmodel wrote, scored by Titus: rows as their input type takes them, results by
the names of their outputs."""
import json

import titus2


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _datum(cell, schema):
    """A cell of a table (None: missing) as a value of the type, null for a number that is none."""
    kind = next(s for s in schema if s != "null") if isinstance(schema, list) else schema
    if cell is None or (cell == "nan" and kind != "string"):
        return None
    if isinstance(schema, list):
        return {kind: _datum(cell, kind)}
    if schema in ("int", "long", "float", "double"):
        number = {"true": 1.0, "false": 0.0}.get(cell.lower())
        number = float(cell) if number is None else number
        return int(number) if schema in ("int", "long") else number
    if schema == "boolean":
        return cell.lower() in ("true", "1", "1.0")
    return cell


def rows_of(document, names, columns):
    """The rows of a table as data of the document's input. The columns go by their names or, where the
    table lacks one, by their order."""
    schema = document["input"]
    cells = list(zip(*columns))
    if not isinstance(schema, dict):
        return [_datum(row[0], schema) for row in cells]
    if schema["type"] == "array":
        return [[_datum(c, schema["items"]) for c in row] for row in cells]
    fields = schema["fields"]
    wanted = [f.get("doc", f["name"]) for f in fields]
    places = [names.index(w) for w in wanted] if set(wanted) <= set(names) else list(range(len(fields)))
    return [{f["name"]: _datum(row[p], f["type"]) for f, p in zip(fields, places)} for row in cells]


def _untagged(value, schema):
    return next(iter(value.values())) if isinstance(schema, list) and isinstance(value, dict) else value


def _flat(value, schema, keys):
    """The columns of one output."""
    if isinstance(schema, dict) and schema["type"] == "map":
        return [value[k] for k in keys]
    if isinstance(schema, dict) and schema["type"] == "array":
        return [_untagged(v, schema["items"]) for v in value]
    return [_untagged(value, schema)]


def _key(k):
    return k if isinstance(k, str) else str(k)


def score(path, document, names, columns):
    """Per output its columns, and per row None or why Titus refuses it."""
    results = titus2.score(path, rows_of(document, names, columns))
    outputs = json.loads(document["metadata"]["outputs"])
    schema = document["output"]
    several = isinstance(schema, dict) and schema["type"] == "record"
    refused = [r if isinstance(r, titus2.Refused) else None for r in results]
    columns = {}
    for i, o in enumerate(outputs):
        field = schema["fields"][i] if several else None
        kind = field["type"] if several else schema
        keys = [_key(k) for k in o.get("keys", [])]
        rows = [_flat(r[field["name"]] if several else r, kind, keys) if why is None else None
                for r, why in zip(results, refused)]
        width = next((len(r) for r in rows if r is not None), 0)
        columns[o["name"]] = [[None if r is None else r[k] for r in rows] for k in range(width)]
    return columns, refused

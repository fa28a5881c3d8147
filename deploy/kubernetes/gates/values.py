"""values.yaml says of each key what it is, values.schema.json knows exactly those keys, and the chart is of the program's version."""

import json
import re
import tomllib

import yaml

from . import helm

FILE = helm.CHART / "values.yaml"
SCHEMA = helm.CHART / "values.schema.json"
WORKSPACE = helm.FOLDER.parent.parent / "Cargo.toml"
# Deeper keys are explained by the one above them.
DEPTH = 2


def check(text=None, schema=None, chart=None):
    text = text if text is not None else FILE.read_text(encoding="utf-8")
    schema = schema if schema is not None else json.loads(SCHEMA.read_text(encoding="utf-8"))
    yield from undocumented(text)
    yield from differing(yaml.safe_load(text), schema, schema, "")
    chart = chart if chart is not None else yaml.safe_load((helm.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    version = tomllib.loads(WORKSPACE.read_text(encoding="utf-8"))["workspace"]["package"]["version"]
    if chart["appVersion"] != version:
        yield f"Chart.yaml is of {chart['appVersion']}, and Cargo.toml says {version}"


def undocumented(text):
    before = ""
    for number, line in enumerate(text.splitlines(), 1):
        key = re.match(r"^( *)(\w[\w-]*):", line)
        if key and len(key[1]) < 2 * DEPTH and not before.lstrip().startswith("#"):
            yield f"{FILE.name}:{number}: {key[2]} has no comment above it"
        before = line


def differing(values, schema, root, where):
    """Keys that the one has and the other has not."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    known = schema.get("properties")
    if not isinstance(values, dict) or known is None:
        return
    if schema.get("additionalProperties") is not False:
        yield f"{SCHEMA.name}: {where or 'the whole'} takes keys that do not exist"
    for key in known.keys() ^ values.keys():
        yield f"{where}{key} stands only in {FILE.name if key in values else SCHEMA.name}"
    for key in known.keys() & values.keys():
        yield from differing(values[key], known[key], root, f"{where}{key}.")

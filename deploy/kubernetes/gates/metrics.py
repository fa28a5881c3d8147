"""Every count that a panel, an alert or the autoscaler asks for is one that the program gives, with the labels it has."""

import json
import re

import promql_parser

from . import helm

SOURCE = helm.FOLDER.parent.parent / "crates/api/src/metrics.rs"
# Of Prometheus itself, and of kube-state-metrics.
OTHERS = {"up": set(), "kube_job_status_failed": {"job_name"}}
# What Prometheus puts beside the program's own labels.
ADDED = {"namespace", "job", "pod", "instance"}
# A struct's field or a variable with its type, however it is said: `rows: Counter`, `Gauge::<i64>::default()`.
KINDS = ("Counter", "Gauge", "Histogram")


def given(source=None):
    """Names of all series with their labels, from the program's own registrations."""
    text = source if source is not None else SOURCE.read_text(encoding="utf-8")
    labels = {name: set(re.findall(r"^    (\w+):", body, re.MULTILINE))
              for name, body in re.findall(r"struct (\w+Labels) \{\n(.*?)\n\}", text, re.DOTALL)}
    kinds = types(text)
    series = {}
    pattern = r'\.register(?:_with_unit)?\(\s*"(\w+)",\s*"[^"]*",\s*(?:Unit::(\w+),\s*)?(?:self\.)?(\w+)(?:\.clone\(\))?,?\s*\)'
    for name, unit, variable in re.findall(pattern, text):
        kind, of = kinds[variable]
        full = "_".join(part for part in ("outhaul", name, unit.lower()) if part)
        ends = {"Counter": ["_total"], "Gauge": [""], "Histogram": ["_bucket", "_sum", "_count"]}[kind]
        series |= {full + end: labels.get(of, set()) | ({"le"} if end == "_bucket" else set()) for end in ends}
    return series


def types(text):
    """Kind and labels of each field and variable that is counted."""
    fields = {name: declared for name, declared in re.findall(r"^    (\w+): ((?:Family|Counter|Histogram|Gauge)\b.*),$", text, re.MULTILINE)}
    for names, values in re.findall(r"let \(([\w, ]+)\) =\s*\((.*?)\);", text, re.DOTALL):
        fields |= dict(zip(names.split(", "), values.split("(), "), strict=True))
    found = {}
    for name, declared in fields.items():
        kind = next((kind for kind in KINDS if kind in declared), None)
        label = re.search(r"\w+Labels", declared)
        if kind:
            found[name] = (kind, label[0] if label else None)
    return found


def expressions(things):
    """Every expression, with who asks it."""
    for thing in things:
        if thing["kind"] == "ScaledObject":
            for trigger in thing["spec"]["triggers"]:
                yield f"{helm.named(thing)}: {trigger.get('name')}", trigger["metadata"]["query"]
        elif thing["kind"] == "PrometheusRule":
            for rule in (rule for group in thing["spec"]["groups"] for rule in group["rules"]):
                yield f"{helm.named(thing)}: {rule['alert']}", rule["expr"]
        elif thing["kind"] == "ConfigMap":
            for name, text in thing["data"].items():
                panels = json.loads(text)["panels"] if name.endswith(".json") else []
                for panel in panels:
                    yield from ((f"{name}: {panel['title']}", target["expr"]) for target in panel["targets"])


def check(things, source=None):
    series = given(source) | OTHERS
    asked = list(expressions(things))
    if not asked:
        yield "nothing asks for any count"
    for who, expression in asked:
        try:
            # What Grafana fills in looks like a name to no parser.
            parsed = promql_parser.parse(expression.replace("$namespace", "namespace"))
        except ValueError as error:
            yield f"{who}: {error}"
            continue
        yield from (f"{who}: {finding}" for selector in selectors(parsed) for finding in unknown(selector, series))


def selectors(expression):
    """All selectors below an expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for part in ("expr", "lhs", "rhs", "vector_selector", "args"):
        below = getattr(expression, part, None)
        for one in below if isinstance(below, list) else [below]:
            if one is not None:
                yield from selectors(one)


def unknown(selector, series):
    if selector.name not in series:
        yield f"{selector.name} is no count of {SOURCE.name}"
        return
    for matcher in selector.matchers.matchers:
        if matcher.name not in series[selector.name] | ADDED:
            yield f"{selector.name} has no label {matcher.name}"

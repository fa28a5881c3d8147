"""What pods are told is what the program knows: every OUTHAUL_ variable is a row of docs/configuration.md."""

import json
import re

from . import helm

PAGE = helm.FOLDER.parent.parent / "docs/configuration.md"
SECRETS = ("PASSWORD", "OWNER_PASSWORD", "SECRET_KEY")
# What lies in the data folder of one pod, or in one process: no second pod would see it.
ALONE = ("sqlite", "folder", "memory", "files")
# Who may have a setting of ALONE, and why: the migration needs no queue, and only workers send letters.
EXEMPT = {"OUTHAUL_QUEUE__KIND": ("migrate",), "OUTHAUL_MAIL__KIND": ("api", "ingest", "maintenance", "migrate")}


def documented(page=None):
    """Variable and default of every setting."""
    text = page if page is not None else PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| (.*?) \|", text, re.MULTILINE)
    return {f"OUTHAUL_{section}__{field}".upper(): default for section, field, default in rows}


def check(things, page=None):
    known = documented(page)
    if not known:
        yield f"{PAGE.name} has no table of settings"
    for thing, pod in helm.pods(things):
        for container in pod["containers"]:
            given = {entry["name"]: entry for entry in container.get("env", [])}
            findings = [*unknown(given, known), *open_secrets(given), *unreadable(given), *alone(thing, given, known)]
            yield from (f"{helm.named(thing)}: {finding}" for finding in findings)


def unknown(given, known):
    for name in given:
        if name not in known:
            yield f"{name} is no setting of {PAGE.name}"


def open_secrets(given):
    for name, entry in given.items():
        if name.split("__")[-1] in SECRETS or "valueFrom" in entry:
            yield f"{name} brings a secret by the environment, not by a file"


def unreadable(given):
    for name, entry in given.items():
        try:
            json.loads(entry.get("value", ""))
        except ValueError:
            yield f"{name}={entry.get('value')} is not JSON: the program may take it for something else"


def alone(thing, given, known):
    """Settings that stand, or are left, at an engine that other pods cannot reach."""
    role = thing["metadata"]["labels"]["app.kubernetes.io/component"]
    for name, default in known.items():
        if default in ALONE and role not in EXEMPT.get(name, ()):
            kept = json.loads(given[name]["value"]) if name in given else default
            if kept in ALONE:
                yield f"{name} is {kept}, which other pods do not see"

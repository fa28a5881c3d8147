"""cfn-lint: errors and warnings, the parameters of nested stacks included."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

from .gate import FIXTURES, Gate, proofs_of, shown, templates


@cache
def found() -> dict[Path, list[str]]:
    """What it finds in the templates and in the fixtures, in one run, since most of its time goes into starting."""
    paths = [*templates(), *sorted((FIXTURES / "lint").glob("*.yaml"))]
    program = Path(sys.executable).with_name("cfn-lint")
    answer = subprocess.run([program, "--format", "json", "--", *paths], capture_output=True, text=True, check=False)
    if not answer.stdout.strip():
        raise SystemExit(f"cfn-lint did not run: {answer.stderr.strip()}")
    findings: dict[Path, list[str]] = {path: [] for path in paths}
    for match in json.loads(answer.stdout):
        path, line = Path(match["Filename"]), match["Location"]["Start"]["LineNumber"]
        findings[path].append(f"{shown(path)}:{line}: {match['Rule']['Id']} {match['Message']}")
    return findings


def check() -> list[str]:
    return [finding for path in templates() for finding in found()[path]]


GATE = Gate("lint", check, lambda: proofs_of("lint", lambda path: found()[path]), lambda: f"{len(templates())} templates")

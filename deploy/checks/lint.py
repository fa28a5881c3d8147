"""cfn-lint: errors and warnings, the parameters of nested stacks included."""

from pathlib import Path

from cfnlint.api import lint_file

from .gate import Gate, proofs_of, shown, templates


def find(path: Path) -> list[str]:
    return [f"{shown(path)}:{match.linenumber}: {match.rule.id} {match.message}" for match in lint_file(path)]


def check() -> list[str]:
    return [finding for path in templates() for finding in find(path)]


GATE = Gate("lint", check, lambda: proofs_of("lint", find), lambda: f"{len(templates())} templates")

"""Templates are small enough to read."""

from pathlib import Path

from .gate import Gate, proofs_of, shown, templates

LINES_LIMIT = 400


def find(path: Path) -> list[str]:
    lines = len(path.read_text().splitlines())
    return [f"{shown(path)}: has {lines} lines, the limit is {LINES_LIMIT}"] if lines > LINES_LIMIT else []


def check() -> list[str]:
    return [finding for path in templates() for finding in find(path)]


GATE = Gate("size", check, lambda: proofs_of("size", find), lambda: f"{len(templates())} templates")

"""What all gates have in common: where things lie, what a gate is, what a fixture proves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent.parent
CHECKOUT = DEPLOY.parent
TEMPLATES = DEPLOY / "cloudformation"
FIXTURES = DEPLOY / "checks" / "fixtures"
EXPECTS = "# expects: "


@dataclass(frozen=True)
class Proof:
    """A broken fixture, what a gate found in it, and what one of its findings must hold."""

    fixture: Path
    findings: list[str]
    expects: str

    def holds(self) -> bool:
        return any(self.expects in finding for finding in self.findings)


@dataclass(frozen=True)
class Gate:
    """`check` finds what is wrong, `proofs` shows that it can, `says` sums up what was looked at."""

    name: str
    check: Callable[[], list[str]]
    proofs: Callable[[], Iterator[Proof]]
    says: Callable[[], str]


def templates() -> list[Path]:
    return sorted(TEMPLATES.glob("*.yaml"))


def shown(path: Path) -> str:
    """The path as one reads it in the checkout."""
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else path.name


def proofs_of(folder: str, check: Callable[[Path], list[str]]) -> Iterator[Proof]:
    """One proof for each file of `fixtures/FOLDER`, whose first line says what is expected."""
    fixtures = sorted(path for path in (FIXTURES / folder).iterdir() if path.is_file())
    if not fixtures:
        raise SystemExit(f"{folder}: has no fixture, so nothing shows that it finds anything")
    for path in fixtures:
        yield Proof(path, check(path), expected(path))


def expected(path: Path) -> str:
    first = path.read_text().splitlines()[0]
    if not first.startswith(EXPECTS):
        raise SystemExit(f"{shown(path)}: its first line must be `{EXPECTS}...`")
    return first.removeprefix(EXPECTS)

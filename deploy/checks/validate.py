"""cloudformation-validate: its own rules from warnings up, and those of `cloudformation/rules`, each with a fixture that breaks it."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cloudformation_validate import (
    CompositeEngine,
    CompositeEngineConfig,
    RuleFilterConfig,
    Severity,
    ValidateConfig,
    file_to_external_rule_source,
)

from .gate import TEMPLATES, Gate, Proof, proofs_of, shown, templates

RULES = TEMPLATES / "rules"
# W3002: paths of nested templates, which `aws cloudformation package` replaces.
LEFT_OUT = RuleFilterConfig(ids=["W3002"])


def rules() -> list[str]:
    """The names of our own rules."""
    return [name for path in RULES.glob("*.guard") for name in re.findall(r"(?m)^rule (\w+)", path.read_text())]


@cache
def engine() -> CompositeEngine:
    sources = [file_to_external_rule_source(str(path)) for path in sorted(RULES.glob("*.guard"))]
    return CompositeEngine(CompositeEngineConfig(guard_rules=sources))


def find(path: Path, only_ours: bool = False) -> list[str]:
    config = ValidateConfig(severity_level=Severity.WARN, exclude=LEFT_OUT, disable_builtin_rules=only_ours)
    report = engine().validate_template(str(path), config)
    return [f"{shown(path)}: {where(found)}{found.rule_id}: {found.message}" for found in report.diagnostics]


def where(found) -> str:
    return f"{found.entity.logical_id}: " if found.entity else ""


def check() -> list[str]:
    findings = [finding for path in templates() for finding in find(path)]
    fixtures = {path.stem for path in (RULES / "fixtures").glob("*.yaml")}
    findings += [f"rule {name} has no fixture" for name in sorted(set(rules()) - fixtures)]
    return findings + [f"fixture {name} has no rule" for name in sorted(fixtures - set(rules()))]


def proofs() -> Iterator[Proof]:
    yield from proofs_of("validate", find)
    for path in sorted((RULES / "fixtures").glob("*.yaml")):
        yield Proof(path, find(path, only_ours=True), f"{path.stem}: ")


GATE = Gate("validate", check, proofs, lambda: f"{len(templates())} templates, {len(rules())} rules of our own")

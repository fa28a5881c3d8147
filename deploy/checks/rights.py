"""Least privilege, by asking: what each pod may do is worked out from its policies and compared with `rights.toml`.

Where a statement has conditions, the answer errs towards more rights: an Allow counts, a Deny does not. Only the first keys of
items are looked at.
"""

import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from . import template
from .gate import TEMPLATES, Gate, proofs_of, shown

IDENTITIES = TEMPLATES / "identities.yaml"
EXPECTED = tomllib.loads(Path(__file__).with_name("rights.toml").read_text())
# What parameters and places stand for.
PLACES = {
    "lake": "arn:aws:s3:::lake",
    "exports": "arn:aws:s3:::exports",
    "jobs": "arn:aws:dynamodb:r:1:table/jobs",
    "accounts": "arn:aws:dynamodb:r:1:table/accounts",
    "audit": "arn:aws:dynamodb:r:1:table/audit",
    "mail": "arn:aws:ses:r:1:identity/example.org",
    "key": "arn:aws:kms:r:1:key/data",
    "glue": "arn:aws:glue:r:1",
}
NAMES = {
    "LakeBucketArn": PLACES["lake"],
    "ExportBucketArn": PLACES["exports"],
    "JobsArn": PLACES["jobs"],
    "AccountsArn": PLACES["accounts"],
    "AuditArn": PLACES["audit"],
    "MailIdentityArn": PLACES["mail"],
    "MailConfigurationSetArn": "arn:aws:ses:r:1:configuration-set/outhaul",
    "DataKeyArn": PLACES["key"],
    "MailFrom": "exports@example.org",
    "Name": "outhaul",
    "Namespace": "outhaul",
    "ClusterName": "outhaul",
    "AWS::Partition": "aws",
    "AWS::Region": "r",
    "AWS::AccountId": "1",
}


def find(path: Path) -> list[str]:
    """What the roles of a template may and should not, or should and may not."""
    read = template.read(path)
    shared = template.resources(read, "AWS::IAM::ManagedPolicy")
    findings = []
    for logical, role in template.resources(read, "AWS::IAM::Role").items():
        name = logical.removesuffix("Role").lower()
        if name not in EXPECTED:
            findings.append(f"{shown(path)}: rights.toml says nothing of {logical}")
            continue
        policy = list(statements(role, shared))
        for wanted in (True, False):
            for right in EXPECTED[name]["may" if wanted else "may_not"]:
                if allows(policy, right) != wanted:
                    findings.append(f"{shown(path)}: {name} {'may not, but must' if wanted else 'may, but must not'}: {right}")
    return findings


def statements(role: dict[str, Any], shared: dict[str, Any]) -> Iterator[dict[str, Any]]:
    documents = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    documents += [shared[attached["Ref"]]["PolicyDocument"] for attached in role.get("ManagedPolicyArns", [])]
    for document in documents:
        yield from template.resolved(document["Statement"], NAMES)


def allows(policy: list[dict[str, Any]], right: str) -> bool:
    """An explicit Deny goes before any Allow; without an Allow there is no right."""
    action, place, *keys = right.split(" ")
    root = max((name for name in PLACES if place.startswith(name)), key=len)
    resource = PLACES[root] + place.removeprefix(root)
    meant = [statement for statement in policy if speaks_of(statement, action, resource) and holds_for(statement, keys)]
    if any(statement["Effect"] == "Deny" and "Condition" not in statement for statement in meant):
        return False
    return any(statement["Effect"] == "Allow" for statement in meant)


def speaks_of(statement: dict[str, Any], action: str, resource: str) -> bool:
    named = any(fnmatchcase(action.lower(), pattern.lower()) for pattern in listed(statement["Action"]))
    return named and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))


def holds_for(statement: dict[str, Any], keys: list[str]) -> bool:
    """Whether a statement that speaks of single items of a table speaks of those with this first key."""
    patterns = [
        pattern
        for operator in statement.get("Condition", {}).values()
        for name, values in operator.items()
        if name == "dynamodb:LeadingKeys" and isinstance(values, list)
        for pattern in values
    ]
    return not patterns or any(fnmatchcase(key, pattern) for key in keys for pattern in patterns)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def check() -> list[str]:
    roles = {name.removesuffix("Role").lower() for name in template.resources(template.read(IDENTITIES), "AWS::IAM::Role")}
    return find(IDENTITIES) + [f"{shown(IDENTITIES)}: has no role for {name}" for name in sorted(set(EXPECTED) - roles)]


def says() -> str:
    asked = sum(len(right) for expected in EXPECTED.values() for right in expected.values())
    return f"{len(EXPECTED)} roles, {asked} questions"


GATE = Gate("rights", check, lambda: proofs_of("rights", find), says)

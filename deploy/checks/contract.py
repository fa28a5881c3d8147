"""What the program and the templates must agree on: tables, names of objects, commands of the queue, measures, limits.

`contract/tables.json` is compared with the adapter's tables by a test of the adapter; everything else is read where the program says it.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from . import template
from .gate import CHECKOUT, DEPLOY, Gate, proofs_of, shown, templates

DAY_SECONDS = 86_400
# How far the clocks of who signs and of S3 may differ (seconds); beyond it the program corrects its own.
CLOCKS_SECONDS = 30
# The password of an SMTP server; letters go by SES with the role of the worker's pods.
NO_SECRET = "outhaul/mail"


def find(path: Path) -> list[str]:
    read = template.read(path)
    parts = (tables, objects, lake, links, ages, queue, measures, accounts, secrets)
    return [f"{shown(path)}: {finding}" for part in parts for finding in part(read)]


def said_by(path: str, pattern: str) -> list[str]:
    """All that a file of the program says by a pattern, at least one thing."""
    found = re.findall(pattern, (CHECKOUT / path).read_text())
    if not found:
        raise SystemExit(f"{path}: holds nothing like {pattern}")
    return found


@cache
def limit(name: str) -> int:
    """A limit's default."""
    return int(said_by("docs/configuration.md", rf"\| `limits\.{name}` \| (\d+) \|")[0])


def tables(read: template.Template) -> list[str]:
    """Names, keys, indexes, kept attributes and expiry."""
    wanted = json.loads((DEPLOY / "contract/tables.json").read_text())
    found = template.resources(read, "AWS::DynamoDB::Table").values()
    if not found:
        return []
    by_name = {template.resolved(table["TableName"], {"Name": "outhaul"}): form(table) for table in found}
    expected = {f"outhaul-{table['name']}": wanted_form(table, wanted) for table in wanted["tables"]}
    findings = [f"has no table {name}" for name in expected if name not in by_name]
    findings += [f"table {name} is none of the program's" for name in by_name if name not in expected]
    for name in sorted(expected.keys() & by_name.keys()):
        for part, value in expected[name].items():
            if by_name[name][part] != value:
                findings.append(f"table {name}: its {part} are {by_name[name][part]}, the program's {value}")
    return findings


def form(table: dict[str, Any]) -> dict[str, Any]:
    """A table of a template, brought into the form that tables are compared in."""
    kinds = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    keys = lambda schema: [(each["AttributeName"], kinds.get(each["AttributeName"])) for each in schema]
    indexes = {}
    for property_name, is_local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
        for index in table.get(property_name, []):
            holds = sorted(index["Projection"].get("NonKeyAttributes", []))
            if index["Projection"]["ProjectionType"] == "ALL":
                holds = ["everything"]
            indexes[index["IndexName"]] = (is_local, keys(index["KeySchema"]), holds)
    expiry = table.get("TimeToLiveSpecification", {})
    return {"keys": keys(table["KeySchema"]), "indexes": indexes, "expiry": expiry.get("Enabled") and expiry["AttributeName"]}


def wanted_form(table: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Keys are text; the second key of an index is a number."""
    indexes = {
        index["name"]: (index["is_local"], [(index["first"], "S"), (index["second"], "N")], sorted(index["holds"]))
        for index in table["indexes"]
    }
    return {"keys": [(key, "S") for key in wanted["keys"]], "indexes": indexes, "expiry": wanted["ttl"] if table["has_ttl"] else None}


def objects(read: template.Template) -> list[str]:
    """The rules of the export bucket speak of the names that the program gives, and of all of them."""
    bucket = template.resources(read, "AWS::S3::Bucket").get("ExportBucket")
    if bucket is None:
        return []
    names = {f"{name}/" for name in said_by("crates/artifacts/src/name.rs", r'write!\(f, "(\w+)/\{owner\}')}
    names |= set(said_by("crates/s3/src/check.rs", r'const PROBES: &str = "(\w+/)"'))
    ruled = {rule["Prefix"] for rule in bucket["LifecycleConfiguration"]["Rules"] if "Prefix" in rule}
    return [] if names == ruled else [f"rules of the export bucket are for {sorted(ruled)}, the program's names are {sorted(names)}"]


def lake(read: template.Template) -> list[str]:
    """What is moved to a cheaper class are the table's data files."""
    bucket = template.resources(read, "AWS::S3::Bucket").get("LakeBucket")
    if bucket is None:
        return []
    table = said_by("crates/s3/src/lake.rs", r'objects\.location\("([\w/]+)"\)')[0]
    data = said_by("crates/lake/src/places.rs", r'format!\("\{\}/(data)", self\.table\)')[0]
    moved = re.findall(r'"Prefix": "([^"]+)"', json.dumps(bucket))
    return [f"moves {prefix}, the table's data lies in {table}/{data}/" for prefix in moved if prefix != f"{table}/{data}/"]


def links(read: template.Template) -> list[str]:
    """A link ends in the bucket when it ends for the program, and clocks may differ."""
    policy = template.resources(read, "AWS::S3::BucketPolicy").get("ExportBucketPolicy")
    if policy is None:
        return []
    ages = re.findall(r'"s3:signatureAge": "(\d+)"', json.dumps(policy))
    wanted = str((limit("link_seconds") + CLOCKS_SECONDS) * 1000)
    return [] if ages == [wanted] else [f"links end after {ages} ms, limits.link_seconds and clocks want {wanted}"]


def ages(read: template.Template) -> list[str]:
    """The bucket removes only what the program has removed long before."""
    parameters = read.get("Parameters", {})
    least = {
        "PartDays": limit("files_live_seconds"),
        "ArchiveDays": limit("files_live_seconds"),
        "PlanDays": limit("files_live_seconds") + limit("settled_live_seconds"),
    }
    return [
        f"{name} may be {parameters[name]['MinValue']}, but the program keeps them for {seconds // DAY_SECONDS} days"
        for name, seconds in least.items()
        if name in parameters and parameters[name]["MinValue"] * DAY_SECONDS <= seconds
    ]


def queue(read: template.Template) -> list[str]:
    """The queue's user may do what docs/operations.md says, on the keys that the program uses."""
    users = template.resources(read, "AWS::ElastiCache::User").values()
    commands = set(said_by("docs/operations.md", r"The user needs `([^`]+)`")[0].split())
    prefix = said_by("docs/configuration.md", r"\| `queue\.prefix` \| (\w+) \|")[0]
    findings = []
    for user in users:
        words = user["AccessString"].split()
        allowed = {word for word in words if word.startswith("+")}
        if allowed != commands:
            findings.append(f"the queue's user lacks {sorted(commands - allowed)} and has {sorted(allowed - commands)} too many")
        if [word for word in words if word.startswith("~")] != [f"~{prefix}:*"] or "-@all" not in words:
            findings.append(f"the queue's user reaches more than the keys {prefix}:*")
    return findings


def measures(read: template.Template) -> list[str]:
    """Alarms on the service's own counts name counts that it has."""
    known = set(said_by("crates/api/src/metrics.rs", r'register(?:_with_unit)?\(\s*"(\w+)"'))
    named = re.findall(r'"MetricName": "outhaul_(\w+?)(?:_total|_seconds|_bytes)?"', json.dumps(read))
    findings = [f"an alarm waits for outhaul_{name}, which the program does not count" for name in named if name not in known]
    return findings + [f"an alarm waits for {measure}, which the agent does not bring" for measure in waited_for(read) - brought()]


def waited_for(value: Any) -> set[str]:
    """`NAME by DIMENSION, DIMENSION` of every measure of the service's own that something in a template names."""
    if isinstance(value, list):
        return set().union(*map(waited_for, value))
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(waited_for, value.values()))
    if str(value.get("MetricName", "")).startswith("outhaul_"):
        found.add(f"{value['MetricName']} by {', '.join(sorted(each['Name'] for each in value.get('Dimensions', [])))}")
    return found


def brought() -> set[str]:
    """The same of what the agent in the cluster is told to bring."""
    told = json.loads((DEPLOY / "cloudwatch/agent.json").read_text())["logs"]["metrics_collected"]["prometheus"]["emf_processor"]
    return {
        f"{selector.strip('^$')} by {', '.join(sorted(dimensions))}"
        for declared in told["metric_declaration"]
        for selector in declared["metric_selectors"]
        for dimensions in declared["dimensions"]
    }


def accounts(read: template.Template) -> list[str]:
    """Pods of the chart have the roles that are made for them."""
    associations = template.resources(read, "AWS::EKS::PodIdentityAssociation").values()
    made = {each["ServiceAccount"] for each in associations if each["Namespace"] == {"Ref": "Namespace"}}
    if not made:
        return []
    roles = said_by("deploy/kubernetes/outhaul/templates/accounts.yaml", r"\$role := list ([^}]+?) \}\}")[0]
    wanted = {f"outhaul-{role}" for role in re.findall(r'"(\w+)"', roles)}
    return [] if made == wanted else [f"roles are made for {sorted(made)}, the chart's accounts are {sorted(wanted)}"]


def secrets(read: template.Template) -> list[str]:
    """Secrets have names that the chart asks for."""
    named = secret_names(read)
    return [f"no pod asks for the secret {name}" for name in sorted(named - asked_for())]


def secret_names(read: template.Template) -> set[str]:
    return {template.resolved(each["Name"], {"Name": "outhaul"}) for each in template.resources(read, "AWS::SecretsManager::Secret").values()}


def asked_for() -> set[str]:
    return set(said_by("deploy/kubernetes/outhaul/values.yaml", r"(?m)^    key: (outhaul/[\w-]+)$"))


def check() -> list[str]:
    made = {name for path in templates() for name in secret_names(template.read(path))}
    missing = sorted(asked_for() - made - {NO_SECRET})
    findings = [f"the chart asks for the secret {name}, which no template makes" for name in missing]
    return findings + [finding for path in templates() for finding in find(path)]


GATE = Gate("contract", check, lambda: proofs_of("contract", find), lambda: "tables, objects, queue, measures, limits")

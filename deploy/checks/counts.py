"""Numbers on two sides: what the chart's profiles may start has room on the templates' nodes, and the cost model's presets count what
the templates make.
"""

import tomllib
from pathlib import Path
from typing import Any

import yaml

from . import template
from .gate import DEPLOY, FIXTURES, TEMPLATES, Gate, proofs_of, shown

CHART = DEPLOY / "kubernetes/outhaul"
# Each size with the preset that prices it, and how its stack is asked for (docs/deploy.md).
PRESETS = {"small": ("small", {"Egress": "nat"}), "large": ("brief", {"PartDays": 8})}
# Cores of the sizes of machines that are used.
CORES = {"large": 2, "xlarge": 4, "4xlarge": 16}
# Cores of each node that are the system's: kubelet, network, proxy, identities.
SYSTEM_CORES = 0.5
# Nodes that the controllers fill.
CONTROLLER_NODES = 1
# Sizes of database and queue as the cost model counts them.
DATABASES = {"db.t4g.medium": 0, "db.r7g.large": 1, "db.r7g.xlarge": 2}
QUEUES = {"cache.t4g.small": 0, "cache.r7g.large": 1}
# m7g.large, by which the model counts service nodes.
NODE_CORES = 2


def find(path: Path) -> list[str]:
    """What differs when a fixture takes the place of the file that it is named after: `values-SIZE.yaml` or `PRESET.toml`."""
    findings = []
    for size, (preset, _) in PRESETS.items():
        if path.name.endswith(f"values-{size}.yaml"):
            findings += rooms(size, path)
        if path.name.endswith(f"{preset}.toml"):
            findings += prices(size, path)
    return findings


def sizes(size: str) -> dict[str, Any]:
    return template.read(TEMPLATES / "outhaul.yaml")["Mappings"]["Sizes"][size]


def rooms(size: str, profile: Path) -> list[str]:
    """Nodes that all pods at once need, against what the node groups may grow to. Pods of one kind share nodes."""
    values = merged(read_yaml(CHART / "values.yaml"), read_yaml(profile))
    wanted = sizes(size)
    served = [role for role in ("api", "ingest") if values[role].get("enabled", True)]
    groups = {
        "Service": sum(nodes(values[role], wanted["ServiceInstances"]) for role in served) + CONTROLLER_NODES,
        "Worker": nodes(values["worker"], wanted["WorkerInstances"]),
    }
    return [
        f"{shown(profile)}: its pods fill {count} nodes, {group}NodesLimit of {size} is {wanted[f'{group}NodesLimit']}"
        for group, count in groups.items()
        if count > wanted[f"{group}NodesLimit"]
    ]


def nodes(role: dict[str, Any], instances: list[str]) -> int:
    """Nodes that a role's greatest number of pods needs, on the smallest of the machines that may come."""
    asked = str(role["resources"]["requests"]["cpu"])
    cores = float(asked[:-1]) / 1000 if asked.endswith("m") else float(asked)
    on_each = int((min(map(cores_of, instances)) - SYSTEM_CORES) / cores)
    return -(-role["replicas"]["max"] // on_each) if on_each else 1_000_000


def cores_of(instance: str) -> int:
    return CORES[instance.split(".")[1]]


def prices(size: str, preset: Path) -> list[str]:
    """What a preset counts, against what the templates make."""
    assumed = tomllib.loads(preset.read_text())
    return [
        f"{shown(preset)}: {name} is {assumed.get(name)}, the templates have {count}"
        for name, count in made(size, PRESETS[size][1]).items()
        if assumed.get(name) != count
    ]


def made(size: str, asked: dict[str, Any]) -> dict[str, int]:
    """What a region of a size has, under the names of the cost model."""
    of_size, read = sizes(size), {path.stem: template.read(path) for path in TEMPLATES.glob("*.yaml")}
    given = {name: parameter.get("Default") for name, parameter in read["outhaul"]["Parameters"].items()} | asked
    disks = template.resources(read["cluster"], "AWS::EC2::LaunchTemplate")["NodeTemplate"]["LaunchTemplateData"]["BlockDeviceMappings"]
    waiting = template.resources(read["cluster"], "AWS::EKS::Nodegroup")["WorkerGroup"]["ScalingConfig"]["MinSize"]
    endpoints = template.resources(read["endpoints"], "AWS::EC2::VPCEndpoint").values()
    managed = [each for each in template.resources(read["database"], "AWS::RDS::DBInstance").values() if each.get("ManageMasterUserPassword")]
    count = lambda kind: sum(len(template.resources(each, kind)) for each in read.values())
    has_nat = given["Egress"] == "nat"
    counted = {
        "nodes": of_size["ServiceNodes"] * cores_of(of_size["ServiceInstances"][0]) // NODE_CORES,
        "node_gigabytes": disks[0]["Ebs"]["VolumeSize"],
        "database_size": DATABASES[of_size["DatabaseClass"]],
        "database_gigabytes": of_size["DatabaseGigabytes"],
        "cache_nodes": of_size["QueueNodes"],
        "cache_size": QUEUES[of_size["QueueType"]],
        "nat_gateways": count("AWS::EC2::NatGateway") if has_nat else 0,
        "endpoints": 0 if has_nat else sum(each["VpcEndpointType"] == "Interface" for each in endpoints),
        "alarms": count("AWS::CloudWatch::Alarm"),
        "secrets": count("AWS::SecretsManager::Secret") + len(managed),
        "keys": count("AWS::KMS::Key"),
        "restore_days": given["RestoreDays"],
        "part_days": given["PartDays"],
        "zones": sum(name.startswith("PrivateSubnet") for name in template.resources(read["network"], "AWS::EC2::Subnet")),
    }
    # Where there is always something to build, no machine waits.
    return counted | ({"idle_cores": waiting * cores_of(of_size["WorkerInstances"][0])} if size == "small" else {})


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """As helm lays one file of values over another."""
    both = {key: merged(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value for key, value in above.items()}
    return below | both


def read_yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def check() -> list[str]:
    findings = []
    for size, (preset, _) in PRESETS.items():
        findings += rooms(size, CHART / f"values-{size}.yaml") + prices(size, DEPLOY / f"cost/{preset}.toml")
    return findings


GATE = Gate("counts", check, lambda: proofs_of("counts", find), lambda: f"{len(PRESETS)} sizes, {len(made('small', {}))} numbers of each preset")

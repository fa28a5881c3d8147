"""What users do not notice: a pod, a node or a zone that goes, an update, a worker whose node is taken away."""

import re

from . import helm

ZONE = "topology.kubernetes.io/zone"
PROGRAM = helm.FOLDER.parent.parent / "crates/cli/src/service.rs"
# What a spot node says before it goes (seconds).
SPOT_NOTICE = 120
LEAST_PODS = 2


def check(things):
    served = {backend for thing in things if thing["kind"] == "Ingress" for backend in backends(thing)}
    for thing, pod in helm.pods(things):
        if thing["kind"] != "Deployment":
            continue
        findings = [*scaled(thing, things, LEAST_PODS if thing["metadata"]["name"] in served else 1), *leaving(pod)]
        if thing["metadata"]["name"] in served:
            findings += [*spread(pod, "DoNotSchedule"), *protected(thing, things)]
        else:
            findings += [*spread(pod, "ScheduleAnyway"), *on_spot(pod)]
        yield from (f"{helm.named(thing)}: {finding}" for finding in findings)


def backends(ingress):
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            yield path["backend"]["service"]["name"]


def scaled(deployment, things, least):
    """Exactly one scaler sets the number of pods, and never below `least`."""
    name = deployment["metadata"]["name"]
    scalers = [thing for thing in things if thing.get("spec", {}).get("scaleTargetRef", {}).get("name") == name]
    if len(scalers) != 1:
        yield f"has {len(scalers)} autoscalers"
        return
    if "replicas" in deployment["spec"]:
        yield "sets its number of pods beside its autoscaler"
    spec = scalers[0]["spec"]
    fewest, most = spec.get("minReplicas", spec.get("minReplicaCount", 0)), spec.get("maxReplicas", spec.get("maxReplicaCount", 0))
    if fewest < least:
        yield f"may have {fewest} pods, the least is {least}"
    if most < fewest:
        yield f"may have at most {most} pods and at least {fewest}"


def drain_seconds():
    """How long the program takes to end."""
    (seconds,) = re.findall(r"const DRAIN: Duration = Duration::from_secs\((\d+)\)", PROGRAM.read_text(encoding="utf-8"))
    return int(seconds)


def leaving(pod):
    (container,) = pod["containers"]
    waits = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    needed, grace = waits + drain_seconds(), pod.get("terminationGracePeriodSeconds", 30)
    if grace <= needed:
        yield f"is killed after {grace} s, and needs {needed} s to go"


def spread(pod, otherwise):
    found = [entry["whenUnsatisfiable"] for entry in pod.get("topologySpreadConstraints", []) if entry["topologyKey"] == ZONE]
    if found not in ([otherwise], ["DoNotSchedule"]):
        yield f"is not spread over the zones ({otherwise})"


def protected(deployment, things):
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    budgets = [thing for thing in things if thing["kind"] == "PodDisruptionBudget" and selects(thing["spec"]["selector"], labels)]
    if len(budgets) != 1 or budgets[0]["spec"].get("maxUnavailable") != 1:
        yield "may lose more than one pod at a time to a drained node"
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    if not container.get("lifecycle", {}).get("preStop"):
        yield "goes before the balancers know"


def on_spot(pod):
    is_spot = pod.get("nodeSelector", {}).get("eks.amazonaws.com/capacityType") == "SPOT"
    if not is_spot:
        yield "does not run on spot nodes"
    if pod.get("terminationGracePeriodSeconds", 30) > SPOT_NOTICE:
        yield f"takes longer to go than the {SPOT_NOTICE} s that a spot node has"


def selects(selector, labels):
    return selector.get("matchLabels", {}).items() <= labels.items()

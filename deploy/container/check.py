"""What the Dockerfile must be, without an engine: hadolint, and what the project asks beyond it.

It needs the packages of deploy/requirements.txt. Prints each finding; the exit code is 1 where there is one.
"""

import os
import pathlib
import re
import subprocess
import sys
import tomllib

import image

FOLDER = image.FILE.parent
ROOT = FOLDER.parent.parent
IGNORE = FOLDER / "Dockerfile.dockerignore"
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


def context(text=None):
    """What the program is built from lies in what is given to the build."""
    lines = (text if text is not None else IGNORE.read_text(encoding="utf-8")).splitlines()
    allowed = [line[1:] for line in lines if line.startswith("!")]
    if "*" not in lines:
        yield "the whole checkout is given to the build"
    members = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["members"]
    needed = {"Cargo.toml", "Cargo.lock", *(member.split("/")[0] for member in members)}
    for file in (ROOT / "crates").glob("*/src/**/*.rs"):
        if "tests" in (file.stem, *file.parts):
            continue
        # Files outside of a crate that are put into the program.
        for path in re.findall(r'include_\w+!\((?:concat!\()?"((?:\.\./)+[^"]+)"', file.read_text(encoding="utf-8")):
            needed.add(os.path.relpath(file.parent / path, ROOT))
    for path in sorted(needed):
        if not any(path == entry or path.startswith(f"{entry}/") for entry in allowed):
            yield f"{path} is not given to the build"


def versions(text=None):
    """The version and the compiler are those of the workspace."""
    package = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]
    first, *_, last = image.stages(text)
    given = image.pairs(last, "ARG").get("VERSION")
    if given != package["version"]:
        yield f"VERSION is {given}, and Cargo.toml says {package['version']}"
    compiler = [int(part) for part in re.match(r"rust:([\d.]+)", first.image)[1].split(".")]
    if compiler < [int(part) for part in package["rust-version"].split(".")]:
        yield f"{first.image} is older than {package['rust-version']}, which Cargo.toml asks for"


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
    findings = [*hadolint(), *check(), *context(), *versions()]
    for finding in findings:
        print(f"Dockerfile: {finding}")
    print(f"{'FAILED' if findings else 'passed'}  {image.FILE.name}")
    sys.exit(1 if findings else 0)

"""Builds the program twice as the Dockerfile does, in two folders, and compares the SHA-256 of what came out.

    reproduce.py             from the commit that is checked out; takes as long as two release builds
    reproduce.py --keep DIR  works in DIR and leaves both builds there

Exit code 1 where they differ, with the places at which they do.
"""

import argparse
import hashlib
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import image

# Of different length, so that no path fits where the other stood.
FOLDERS = ("one", "another-folder/of-another-depth")
SHOWN = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    root = image.FILE.parent.parent.parent
    with tempfile.TemporaryDirectory(prefix="outhaul-reproduce-") as temporary:
        base = (arguments.keep or pathlib.Path(temporary)).resolve()
        built = []
        for name in FOLDERS:
            folder = base / name
            folder.mkdir(parents=True)
            subprocess.run(f"git -C {shlex.quote(str(root))} archive HEAD | tar --extract --directory {shlex.quote(str(folder))}",
                           shell=True, check=True)
            build(folder)
            built.append(folder / "target/release/outhaul")
            print(f"{digest(built[-1])}  {built[-1]}", flush=True)
        if digest(built[0]) != digest(built[1]):
            sys.exit(f"reproduce: FAILED: the builds differ{differences(*built)}")
    print("reproduce: passed: two builds, one SHA-256")


def build(folder, command=None, environment=None):
    """Runs the Dockerfile's build command in a folder; each path of the image becomes the one of this machine."""
    stage = image.stages()[0]
    command = command or next(rest for rest in stage.all("RUN") if rest.startswith("cargo build"))
    environment = environment if environment is not None else flags(folder)
    # What else cargo hears from its surroundings would not be there in the image.
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("CARGO_", "RUSTFLAGS", "RUSTC", "CFLAGS")) or name == "CARGO_HOME"}
    subprocess.run(shlex.split(command), cwd=folder, env=kept | environment, check=True)


def flags(folder):
    """The build stage's environment, for a build in another folder."""
    stage = image.stages()[0]
    here = {stage.last("WORKDIR"): str(folder), "/usr/local/cargo": os.environ.get("CARGO_HOME", str(pathlib.Path.home() / ".cargo"))}
    environment = image.pairs(stage, "ENV") | {name: value for name, value in image.pairs(stage, "ARG").items() if value}
    for name, value in environment.items():
        for there, path in here.items():
            value = value.replace(f"={there}=", f"={path}=")
        environment[name] = value
    return environment


def digest(file):
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def differences(one, other):
    """Where the first bytes differ, with what stands there."""
    left, right = one.read_bytes(), other.read_bytes()
    text = f": {len(left)} and {len(right)} bytes"
    at = [place for place, (a, b) in enumerate(zip(left, right)) if a != b][:SHOWN]
    return text + "".join(f"\n  at {place}: {left[place:place + 60]!r} and {right[place:place + 60]!r}" for place in at)


if __name__ == "__main__":
    main()

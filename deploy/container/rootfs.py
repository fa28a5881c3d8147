"""Runs the program in what the image would hold, and nothing else.

    rootfs.py BINARY            builds the folder tree of the Dockerfile's COPY list around BINARY and tries it
    rootfs.py BINARY --keep DIR also leaves the tree in DIR

Libraries are those of this machine, which must be of the Debian release that the Dockerfile names. The program runs as the image's
user, in a chroot on a read-only root, without capabilities, with a fresh folder where Kubernetes mounts one. Needs root for
namespaces and chroot, and the same Debian; exit code 77 where that is not to be had, 1 where something is not as it should be.
"""

import argparse
import ctypes
import glob
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

import image

DATA = "/var/lib/outhaul"
INSIDE = "OUTHAUL_ROOTFS"
DEVICES = ("null", "zero", "urandom")
PR_SET_NO_NEW_PRIVS = 38
# A step that takes longer hangs (seconds).
PATIENCE = 180


class Wrong(Exception):
    """Something is not as it should be."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("unshare"):
        print("rootfs: left out: needs root and unshare")
        sys.exit(77)
    here, release = debian()
    if here != release:
        print(f"rootfs: left out: this machine is {here}, and the image is made of Debian {release}")
        sys.exit(77)
    if INSIDE not in os.environ:
        # In namespaces of its own, so that every mount and process is gone with this command, however it ends.
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
                              sys.executable, *sys.argv])
    try:
        with tempfile.TemporaryDirectory(prefix="outhaul-rootfs-") as folder:
            root = pathlib.Path(folder) / "root"
            for line in build(arguments.binary, root):
                print(f"rootfs: {line}")
            if arguments.keep:
                shutil.copytree(root, arguments.keep)
            mounted = []
            try:
                mount(root, mounted)
                tries(root)
            finally:
                for place in reversed(mounted):
                    subprocess.run(["umount", place], check=True)
    except Wrong as wrong:
        sys.exit(f"rootfs: FAILED: {wrong}")
    print("rootfs: passed")


def debian():
    """The release of this machine, and the one that the image is made of."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME"), re.search(r"-(\w+)@", image.stages()[0].image)[1]


def build(binary, root, machine=platform.machine()):
    """Makes the tree, and says what is in it."""
    stages = image.stages()
    total = 0
    for source, destination in image.copies(stages[-1], machine):
        found = [str(binary)] if source == image.BUILT else glob.glob(source)
        if not found:
            raise Wrong(f"{source} is not there")
        for file in found:
            name = pathlib.Path(source if source == image.BUILT else file).name
            place = root / destination.lstrip("/") / name if destination.endswith("/") else root / destination.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
            place.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
            total += place.stat().st_size
            yield f"{place.stat().st_size:>9} {place.relative_to(root)}"
    for folder in (DATA, "/proc", "/dev"):
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    yield f"{total:>9} bytes in all"


def mount(root, mounted):
    """The tree becomes read-only; what a container's runtime adds is added."""
    def at(place, *arguments):
        subprocess.run(["mount", *arguments, place], check=True)
        mounted.append(place)

    at(root, "--bind", root)
    for device in DEVICES:
        (root / "dev" / device).touch()
        at(root / "dev" / device, "--bind", f"/dev/{device}")
    at(root / "proc", "-t", "proc", "-o", "nosuid,nodev,noexec", "proc")
    user, group = user_and_group()
    at(root / DATA.lstrip("/"), "-t", "tmpfs", "-o", f"nosuid,nodev,noexec,size=4g,mode=2770,uid={user},gid={group}", "tmpfs")
    subprocess.run(["mount", "-o", "remount,bind,ro,nosuid,nodev", root], check=True)


def user_and_group():
    return [int(part) for part in image.stages()[-1].last("USER").split(":")]


def command(root, *arguments, environment=None):
    """How the image's program is started."""
    user, group = user_and_group()
    libc = ctypes.CDLL(None, use_errno=True)

    def become():
        os.chroot(root)
        os.chdir(DATA)
        os.setgroups([])
        os.setresgid(group, group, group)
        # Whoever stops being root keeps no capability.
        os.setresuid(user, user, user)
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")

    (program,) = json.loads(image.stages()[-1].last("ENTRYPOINT"))
    return {"args": [program, *arguments], "preexec_fn": become, "env": environment or {}, "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def run(root, *arguments, exit_code=0):
    done = subprocess.run(**command(root, *arguments), timeout=PATIENCE)
    if done.returncode != exit_code:
        raise Wrong(f"`outhaul {' '.join(arguments)}` ended with {done.returncode}, not {exit_code}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout + done.stderr


def tries(root):
    def tell(what):
        print(f"rootfs: tried: {what}", flush=True)

    tell(f"--version: {run(root, '--version').strip()}")
    data = f"{DATA}/data"
    run(root, "--data", data, "doctor")
    tell("doctor finds everything in order")
    run(root, "--data", f"{DATA}/demo", "demo", "--exit", "--messages", "2000")
    tell("demo --exit: generated, ingested, exported, verified")
    # Nothing may be made beside the mounted folder, by whatever name.
    run(root, "--data", "/elsewhere", "doctor", exit_code=6)
    run(root, "--data", "/etc/outhaul", "doctor", exit_code=6)
    tell("a data folder on the root is refused: it is read-only")
    serves(root, data)
    tell("api answers /livez, /readyz and /metrics, and ends on SIGTERM")


def serves(root, data):
    process = subprocess.Popen(**command(root, "--data", data, "--json", "api", "--listen", "127.0.0.1:0"))
    try:
        address = json.loads(process.stdout.readline() or "{}").get("listening")
        if not address:
            raise Wrong(f"`outhaul api` does not listen: {process.communicate(timeout=PATIENCE)[1][-2000:]}")
        for path, begins in (("/livez", "ok"), ("/readyz", "ok"), ("/metrics", "# HELP outhaul_")):
            with urllib.request.urlopen(address + path, timeout=10) as answer:
                text = answer.read().decode()
            if not text.startswith(begins):
                raise Wrong(f"{path} answers {text[:80]!r}")
        process.send_signal(signal.SIGTERM)
        if process.wait(timeout=PATIENCE) != 0:
            raise Wrong(f"`outhaul api` ended with {process.returncode} on SIGTERM")
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    main()

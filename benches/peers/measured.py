"""Runs a program and says what it took; keeps one small file per measurement, so that a second run goes on."""

import json
import os
import pathlib
import subprocess
import sys
import time


class Failed(Exception):
    """A program that did not do what it was asked for."""


def run(command, log):
    """What a command took: its CPU counts with all its threads and its own children, its peak memory is that of the greatest.

    A process of its own starts it, since a child's peak begins at what its parent has ever held. Everything written before is
    on the disk first, so that nobody pays for another's pages.
    """
    os.sync()
    load = os.getloadavg()[0]
    starter = [sys.executable, "-I", "-S", __file__, log, *command]
    done = subprocess.run(list(map(str, starter)), stdout=subprocess.PIPE, check=True)
    value = json.loads(done.stdout)
    if value.pop("status"):
        raise Failed(f"{' '.join(map(str, command))} failed: {pathlib.Path(log).read_text(errors='replace')[-2000:]}")
    return value | {"load_before": load}


def start(log, command):
    """Runs the command and prints what it took; the peak is known only where it is above that of this process."""
    with open(log, "wb") as out:
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    value = {
        "status": child.returncode,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "user_seconds": usage.ru_utime,
        "system_seconds": usage.ru_stime,
        "wall_seconds": wall,
        "peak_bytes": usage.ru_maxrss * 1024,
    }
    print(json.dumps(value))


class Results:
    """One JSON file per measurement in a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, name):
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def put(self, name, value):
        path = self.folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(value, indent=1) + "\n")
        return value

    def once(self, name, make):
        """The stored value, or what `make` gives, stored."""
        known = self.get(name)
        return self.put(name, make()) if known is None else known

    def rounds(self, case, program):
        """All rounds of a program, in order."""
        files = sorted(self.folder.glob(f"{case}/{program}.*.json"))
        return [json.loads(file.read_text()) for file in files]


def write_whole(path, text):
    """The file is there with all its text or not at all."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(text)
    draft.rename(path)


if __name__ == "__main__":
    start(sys.argv[1], sys.argv[2:])

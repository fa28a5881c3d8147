"""Two workers beside one: the wall time of the same export, each worker on a core of its own with one slot.

    two_workers.py [--messages N] [--rounds N] [--work FOLDER] [--outhaul PROGRAM]

Redis (a server of its own, on a free port of this machine), SQLite and a folder. One API process, which shares the first core with the
first worker, as does Redis; what they do is little. In each round the export is built by one worker and by two, in turn, from nothing: no part is
kept from before. README.md says more.
"""

import argparse
import json
import os
import pathlib
import secrets
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "peers"))

import baseline  # noqa: E402
import lake  # noqa: E402
import service  # noqa: E402

# Enough segments that both have work until the end.
SEGMENT_ROWS = 100_000


def main():
    arguments = parse()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed, one for each worker")
    lakes = lake.Lakes(arguments.outhaul, pathlib.Path(arguments.work) / "lakes")
    lakes.folder.mkdir(parents=True, exist_ok=True)
    data = lakes.sorted(arguments.messages)
    walls = {1: [], 2: []}
    with tempfile.TemporaryDirectory(prefix="outhaul-scale-") as folder, Redis(pathlib.Path(folder)) as redis:
        for number in range(1, arguments.rounds + 1):
            # The first of a pair finds the files of the lake less warm; the two take turns at that.
            for workers in (1, 2) if number % 2 else (2, 1):
                walls[workers].append(wall_seconds(arguments, lake.reset(data), redis, workers))
                print(f"round {number}: {workers} workers, {walls[workers][-1]:.2f} s", flush=True)
    lake.reset(data)
    one, two = (statistics.median(walls[workers]) for workers in (1, 2))
    print(json.dumps({"messages": arguments.messages, "walls": walls, "one": one, "two": two, "ratio": two / one}))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4_000_000, help="of the organisation that is exported")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", default=ROOT / "target" / "peers", help="where lakes are kept")
    parser.add_argument("--outhaul", default=ROOT / "target" / "release" / "outhaul", help="a built program")
    arguments = parser.parse_args()
    arguments.outhaul = pathlib.Path(arguments.outhaul).resolve()
    return arguments


class Redis:
    """A server on a free port of this machine; it keeps nothing."""

    def __init__(self, folder):
        self.port, self.folder = service.free_port(), folder

    def __enter__(self):
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--maxmemory-policy", "noeviction"]
        command = ["taskset", "-c", str(cores()[0]), baseline.find("redis-server"), *options]
        self.child = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(30)


def cores():
    return sorted(os.sched_getaffinity(0))[:2]


def wall_seconds(arguments, data, redis, workers):
    """From the request until the archive is ready."""
    environment = os.environ | service.ENVIRONMENT | {
        "OUTHAUL_QUEUE__KIND": "redis",
        "OUTHAUL_QUEUE__URL": f"redis://127.0.0.1:{redis.port}/0",
        "OUTHAUL_WORKER__SLOTS": "1",
        "OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET": str(SEGMENT_ROWS),
    }
    password = secrets.token_hex(16)
    people = environment | {"OUTHAUL_PASSWORD": password}
    for command in (["user", "create", service.EMAIL], ["member", "add", lake.ORGANISATION, service.EMAIL, "--role", "admin"]):
        subprocess.run([arguments.outhaul, "-q", "--data", data, *command], check=True, env=people, stdout=subprocess.DEVNULL)
    ports, children = [service.free_port() for _ in range(workers + 1)], []
    try:
        for port, role, core in zip(ports, ["api"] + workers * ["worker"], [cores()[0], *cores()]):
            command = ["taskset", "-c", str(core), arguments.outhaul, "--data", data, role, "--listen", f"127.0.0.1:{port}"]
            child = subprocess.Popen([str(word) for word in command], env=environment, stderr=subprocess.DEVNULL)
            children.append(child)
            ready = lambda: service.answers(port, "/livez", child)
            service.wait_until(ready, f"the start of the {role}", 0.05, service.START_SECONDS)
        client = service.Client(ports[0])
        status, answer = client.request("POST", "/v1/auth/login", {"email": service.EMAIL, "password": password})
        if status != 200:
            raise SystemExit(f"the sign-in was answered with {status}")
        return export_seconds(service.Client(ports[0], answer["access_token"]))
    finally:
        for child in reversed(children):
            child.terminate()
        for child in children:
            child.wait(60)


def export_seconds(client):
    os.sync()
    path = f"/v1/organisations/{lake.ORGANISATION}/exports"
    body = {"dataset": "messages", "from": lake.FIRST, "to": lake.LAST, "format": "zip"}
    began = time.monotonic()
    status, answer = client.request("POST", path, body)
    if status != 202:
        raise SystemExit(f"the export was answered with {status}: {answer}")
    # Rarely enough that looking costs little beside the work.
    service.wait_until(lambda: succeeded(client, f"{path}/{answer['id']}"), "the export", 0.05)
    return time.monotonic() - began


def succeeded(client, path):
    status, answer = client.request("GET", path)
    if status != 200 or answer["state"] in ("failed", "cancelled", "expired"):
        raise SystemExit(f"the export was answered with {status}: {answer}")
    return True if answer["state"] == "succeeded" else None


if __name__ == "__main__":
    main()

"""Small exports on Redis, DynamoDB, PostgreSQL and S3 beside the usual stack: CPU of each side's own processes for an export.

    small_exports.py --config FILE --dynamodb JAR [--rounds N] [--outhaul PROGRAM]

FILE is what `cargo xtask services` wrote (it runs in another terminal), JAR is DynamoDB Local, started here. An export has 100
memberships of one person on Outhaul's side, and 100 rows of a table on the other's. README.md says more.
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
import types

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "peers"))

import baseline  # noqa: E402
import lake  # noqa: E402
import service  # noqa: E402

ROWS, WARM_UP, ONE_BY_ONE, AT_ONCE = 100, 30, 100, 200
HEADER = "email,id,name,user_id,recurring_price,currency,valid_from,valid_until,state,payment_method,billing_interval,billing_periods"
# Whose time is that of an engine, by a word of its command line.
ENGINES = {"Redis": "redis-server", "PostgreSQL": "postgres", "S3": "weed", "DynamoDB": "DynamoDBLocal"}


def main():
    arguments = parse()
    found = {"outhaul": [], "baseline": []}
    with tempfile.TemporaryDirectory(prefix="outhaul-small-") as folder, Tables(arguments, pathlib.Path(folder)) as tables:
        os.chmod(folder, 0o755)
        bench = types.SimpleNamespace(scratch=folder, log=os.devnull, lakes=lake.Lakes(arguments.outhaul, arguments.work / "lakes"))
        bench.lakes.folder.mkdir(parents=True, exist_ok=True)
        bench.lakes.small()
        for number in range(1, arguments.rounds + 1):
            for name, start in (("outhaul", lambda: Outhaul(arguments, tables)), ("baseline", lambda: Nest(bench))):
                target = start()
                try:
                    found[name].append(measure(target))
                finally:
                    target.stop()
                print(f"round {number}: {name}: {json.dumps(found[name][-1])}", flush=True)
    ours, theirs = (statistics.median(value["cpu_ms"] for value in found[name]) for name in ("outhaul", "baseline"))
    print(json.dumps({"rounds": found, "outhaul_cpu_ms": ours, "baseline_cpu_ms": theirs, "ratio": ours / theirs}))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=pathlib.Path, default=ROOT / "target" / "services.toml", help="what `cargo xtask services` wrote")
    jar = ROOT / "target" / "test-dynamodb" / "package" / "emulator" / "DynamoDBLocal.jar"
    parser.add_argument("--dynamodb", type=pathlib.Path, default=jar, help="the jar of DynamoDB Local")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "target" / "peers", help="where the baseline's rows are kept")
    parser.add_argument("--outhaul", type=pathlib.Path, default=ROOT / "target" / "release" / "outhaul", help="a built program")
    arguments = parser.parse_args()
    arguments.outhaul = arguments.outhaul.resolve()
    return arguments


class Tables:
    """DynamoDB Local on a free port of this machine; it keeps nothing."""

    def __init__(self, arguments, folder):
        self.jar, self.folder, self.port = arguments.dynamodb.resolve(), folder, service.free_port()

    def __enter__(self):
        libraries = f"-Djava.library.path={self.jar.parent / 'DynamoDBLocal_lib'}"
        command = ["java", libraries, "-jar", self.jar, "-inMemory", "-port", str(self.port)]
        self.child = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        service.wait_until(lambda: service.answers(self.port, "/", self.child), "the start of DynamoDB Local", 0.1, service.START_SECONDS)
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(30)

    def environment(self):
        return {
            "OUTHAUL_JOBS__KIND": "dynamodb",
            "OUTHAUL_DYNAMODB__ENDPOINT": f"http://127.0.0.1:{self.port}",
            "OUTHAUL_DYNAMODB__PREFIX": f"bench-{secrets.token_hex(4)}",
            "OUTHAUL_DYNAMODB__ACCESS_KEY": "bench",
            "OUTHAUL_DYNAMODB__SECRET_KEY": "bench",
        }


class Outhaul:
    """An API and a worker in processes of their own; asks for the memberships of one person."""

    def __init__(self, arguments, tables):
        self.folder, self.children = tempfile.TemporaryDirectory(prefix="outhaul-small-data-"), []
        self.environment = os.environ | service.ENVIRONMENT | tables.environment()
        self.command = [str(arguments.outhaul), "--config", str(arguments.config.resolve()), "--data", self.folder.name]
        try:
            self.begin()
        except BaseException:
            self.stop()
            raise

    def begin(self):
        password, email = secrets.token_hex(16), f"{secrets.token_hex(6)}@example.org"
        self.run("migrate")
        user = json.loads(self.run("--json", "user", "create", email, OUTHAUL_PASSWORD=password))["id"]
        file = pathlib.Path(self.folder.name) / "memberships.csv"
        file.write_text("\r\n".join([HEADER, *(membership(email, user) for _ in range(ROWS)), ""]))
        self.run("membership", "import", str(file))
        ports = [service.free_port() for _ in range(2)]
        for role, port in zip(("api", "worker"), ports):
            command = [*self.command, role, "--listen", f"127.0.0.1:{port}"]
            child = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
            self.children.append(child)
            service.wait_until(lambda: service.answers(port, "/livez", child), f"the start of the {role}", 0.05, service.START_SECONDS)
        status, answer = service.Client(ports[0]).request("POST", "/v1/auth/login", {"email": email, "password": password})
        if status != 200:
            raise SystemExit(f"the sign-in was answered with {status}")
        self.port, self.token = ports[0], answer["access_token"]

    def run(self, *arguments, **environment):
        done = subprocess.run([*self.command, *arguments], env=self.environment | environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"outhaul {' '.join(arguments)} failed: {done.stderr}")
        return done.stdout

    def client(self):
        return service.Client(self.port, self.token)

    def ask(self, client, number):
        status, answer = client.request("POST", "/v1/me/exports", {"dataset": "memberships", "format": "csv", "reuse": False})
        if status != 202:
            raise SystemExit(f"an export was answered with {status}: {answer}")
        return answer["id"]

    def rows(self, client, export):
        status, answer = client.request("GET", f"/v1/me/exports/{export}")
        if status != 200 or answer["state"] in ("failed", "cancelled", "expired"):
            raise SystemExit(f"an export was answered with {status}: {answer}")
        return answer["progress"]["rows"] if answer["state"] == "succeeded" else None

    def pids(self):
        return [child.pid for child in self.children]

    def stop(self):
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            child.wait(60)
        self.folder.cleanup()


def membership(email, user):
    number = f"{secrets.token_hex(4)}-0000-7000-8000-{secrets.token_hex(6)}"
    return f"{email},{number},Chess,{user},12.50,EUR,2024-01-01,,active,sepa,monthly,3"


class Nest(baseline.Baseline):
    """The usual stack; each export is of another day of 100 rows."""

    def ask(self, client, number):
        day = service.day(lake.SMALL_FIRST, number % lake.SMALL_DAYS)
        return super().ask(client, day, day, "csv")

    def pids(self):
        return [self.children[-1].pid]


def measure(target):
    client, milliseconds = target.client(), []
    for number in range(WARM_UP):
        finish(target, client, target.ask(client, number))
    before, engines = sum(map(service.cpu_seconds, target.pids())), engine_seconds()
    for number in range(WARM_UP, WARM_UP + ONE_BY_ONE):
        began = time.perf_counter()
        finish(target, client, target.ask(client, number))
        milliseconds.append(1000 * (time.perf_counter() - began))
    one_by_one = sum(map(service.cpu_seconds, target.pids())) - before
    began = time.perf_counter()
    asked = [target.ask(client, number) for number in range(WARM_UP + ONE_BY_ONE, WARM_UP + ONE_BY_ONE + AT_ONCE)]
    for export in asked:
        finish(target, client, export, 0.005)
    seconds = time.perf_counter() - began
    # What follows an end, as its letter, is part of it.
    time.sleep(2)
    cpu = sum(map(service.cpu_seconds, target.pids())) - before
    exports, after = ONE_BY_ONE + AT_ONCE, engine_seconds()
    cuts = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return {
        "cpu_ms": 1000 * cpu / exports,
        "one_by_one_cpu_ms": 1000 * one_by_one / ONE_BY_ONE,
        "engines_cpu_ms": {name: 1000 * (after[name] - engines[name]) / exports for name in after if after[name] > engines[name]},
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
        "per_second": AT_ONCE / seconds,
    }


def finish(target, client, export, pause_seconds=0.002):
    rows = service.wait_until(lambda: target.rows(client, export), "a small export", pause_seconds)
    if rows != ROWS:
        raise SystemExit(f"a small export has {rows} rows, not {ROWS}")


def engine_seconds():
    """CPU of all processes of each kind of engine that run on this machine."""
    found = dict.fromkeys(ENGINES, 0.0)
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
            name = next((name for name, word in ENGINES.items() if word in command), None)
            if name:
                found[name] += service.cpu_seconds(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


if __name__ == "__main__":
    main()

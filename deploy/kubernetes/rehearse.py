"""The order of an installation on real engines, without a cluster: `rehearse.py BINARY`.

What the chart tells each pod is told to the program on this machine, but for the addresses of the engines: first the migration, with
no more than it is given; then the doctor; then every server, which must get ready, and go when it is asked to.

It needs `redis-server`, `psql`, and what `cargo xtask deploy-check --program BINARY` tells it: OUTHAUL_TEST_POSTGRES, OUTHAUL_TEST_S3,
OUTHAUL_TEST_S3_KEY, OUTHAUL_TEST_S3_SECRET, OUTHAUL_TEST_DYNAMODB and, for SES, OUTHAUL_TEST_MINISTACK. Exit code 77 where one is missing,
1 where something is not as it should be.
"""

import contextlib
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config

from gates import availability, helm

PATIENCE = 60
VARIABLES = tuple(f"OUTHAUL_TEST_{name}" for name in ("POSTGRES", "S3", "S3_KEY", "S3_SECRET", "DYNAMODB", "MINISTACK"))
PROGRAMS = ("redis-server", "psql")
# What a PostgreSQL server for tests is not, and the doctor says so.
OF_TESTS = ("postgres fsync", "postgres full_page_writes")


class Wrong(Exception):
    """Something is not as it should be."""


def main(binary):
    missing = [name for name in VARIABLES if name not in os.environ] + [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        print(f"rehearse: left out: there is no {', '.join(missing)}")
        sys.exit(77)
    try:
        with tempfile.TemporaryDirectory(prefix="outhaul-rehearse-") as folder, contextlib.ExitStack() as stack:
            base = pathlib.Path(folder)
            passwords = {name: secrets.token_hex(16) for name in ("redis", "database", "database-owner")}
            site = [*postgres(stack, passwords), *buckets(), *tables(), *redis(stack, passwords), *letters()]
            for name, password in passwords.items():
                (base / name).write_text(password + "\n", encoding="utf-8")
            pods = roles([word for setting in site for word in ("--set", f"settings.{setting}")])
            binary = pathlib.Path(binary).resolve()
            make_keys(binary, base / "first")
            rehearse(binary, pods, base)
    except Wrong as wrong:
        sys.exit(f"rehearse: FAILED: {wrong}")
    print("rehearse: passed")


def postgres(stack, passwords):
    """A database with the roles of docs/operations.md."""
    superuser = os.environ["OUTHAUL_TEST_POSTGRES"]
    name = f"rehearse_{secrets.token_hex(4)}"

    def query(*statements):
        for statement in statements:
            subprocess.run(["psql", "--quiet", "--set=ON_ERROR_STOP=1", superuser, "--command", statement], check=True)

    query(f"CREATE ROLE {name}_owner LOGIN PASSWORD '{passwords['database-owner']}'",
          f"CREATE ROLE {name} LOGIN PASSWORD '{passwords['database']}'",
          f"CREATE DATABASE {name} OWNER {name}_owner", f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
          f"GRANT CONNECT ON DATABASE {name} TO {name}")
    stack.callback(query, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}", f"DROP ROLE {name}_owner")
    server = urllib.parse.urlparse(superuser)
    return [f"postgres.host={server.hostname}", f"postgres.port={server.port}", "postgres.tls=none", "postgres.ca_file=",
            f"postgres.database={name}", f"postgres.user={name}", f"postgres.owner={name}_owner"]


def buckets():
    """Two of its own, which go with the server."""
    endpoint, names = os.environ["OUTHAUL_TEST_S3"], [f"rehearse-{kind}-{secrets.token_hex(4)}" for kind in ("exports", "lake")]
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=Config(s3={"addressing_style": "path"}),
                          aws_access_key_id=os.environ["OUTHAUL_TEST_S3_KEY"], aws_secret_access_key=os.environ["OUTHAUL_TEST_S3_SECRET"])
    for name in names:
        client.create_bucket(Bucket=name)
    return [f"s3.endpoint={endpoint}", "s3.path_style=true", f"s3.bucket={names[0]}", f"s3.lake_bucket={names[1]}", "s3.region=us-east-1"]


def tables():
    """A name of their own; the migration makes them, since there is no stack that did."""
    return [f"dynamodb.endpoint={os.environ['OUTHAUL_TEST_DYNAMODB']}", f"dynamodb.prefix=rehearse-{secrets.token_hex(4)}", "dynamodb.region=us-east-1"]


def letters():
    """An identity that letters may come from."""
    endpoint, configuration_set = os.environ["OUTHAUL_TEST_MINISTACK"], f"rehearse-{secrets.token_hex(4)}"
    client = boto3.client("sesv2", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=os.environ["OUTHAUL_TEST_S3_KEY"],
                          aws_secret_access_key=os.environ["OUTHAUL_TEST_S3_SECRET"])
    client.create_email_identity(EmailIdentity="exports@eu.export.example.org")
    client.create_configuration_set(ConfigurationSetName=configuration_set)
    return [f"ses.endpoint={endpoint}", "ses.region=us-east-1", f"ses.configuration_set={configuration_set}"]


def make_keys(binary, data):
    """As README.md says; the secret's files are then where the pods' mount would be."""
    command = [binary, "--data", data, "--json", "api", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if not process.stdout.readline() or stop(process) != 0:
        raise Wrong("no keys were made")


def redis(stack, passwords):
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--maxmemory", "64mb",
               "--maxmemory-policy", "noeviction", "--requirepass", passwords["redis"]]
    stack.callback(stop, subprocess.Popen(command, stdout=subprocess.DEVNULL))
    return [f"queue.url=redis://127.0.0.1:{port}/0", "queue.user="]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def stop(process):
    """Asks it to end; returns how."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()


def roles(more):
    """Each pod's arguments and environment, by the name of what makes it."""
    containers = helm.roles(helm.template("large", *more))
    return {thing["metadata"]["name"]: (container["args"], {entry["name"]: entry["value"] for entry in container["env"]})
            for thing, container in containers}


def environment(told, base, pod):
    """What a pod is told, with its folders below `base`."""
    places = {'"/run/outhaul/': f'"{base}/', '"/run/outhaul-keys': f'"{base}/first/keys', '"/var/lib/outhaul/': f'"{base}/{pod}/'}
    here = dict(told)
    for there, place in places.items():
        here = {name: value.replace(there, place) for name, value in here.items()}
    return here | {"AWS_ACCESS_KEY_ID": os.environ["OUTHAUL_TEST_S3_KEY"], "AWS_SECRET_ACCESS_KEY": os.environ["OUTHAUL_TEST_S3_SECRET"]}


def rehearse(binary, pods, base):
    def command(pod, arguments=None):
        given, told = pods[pod]
        return subprocess.run([binary, *(arguments or given)], env=environment(told, base, pod), capture_output=True, text=True, timeout=PATIENCE)

    early = command("outhaul-doctor", ["lake", "stats"])
    if early.returncode != 6 or "migrate" not in early.stderr:
        raise Wrong(f"before the migration a command ends with {early.returncode}: {early.stderr}")
    done = command("outhaul-migrate")
    if done.returncode:
        raise Wrong(f"the migration ended with {done.returncode}: {done.stderr}")
    print("rehearse: the migration did its work with what it is given", flush=True)

    told = command("outhaul-doctor").stdout
    ill = [line for line in told.splitlines() if line.startswith("NOT OK") and not any(name in line for name in OF_TESTS)]
    if ill or not re.search(r"^ok +job store", told, re.MULTILINE):
        raise Wrong(f"the doctor is not content: {ill or told}")
    print("rehearse: the doctor found every engine fit", flush=True)

    servers = [pod for pod, (arguments, _) in pods.items() if "--listen" in arguments]
    for pod in servers:
        serve(binary, pods[pod], base, pod)
        print(f"rehearse: {pod} got ready, and went", flush=True)


def serve(binary, pod, base, name):
    (arguments, told), address = pod, f"127.0.0.1:{free_port()}"
    arguments = [argument.replace("0.0.0.0:8470", address) for argument in arguments]
    log = base / f"{name}.log"
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen([binary, *arguments], env=environment(told, base, name), stderr=written, stdout=subprocess.DEVNULL)
    try:
        # As the startup probe asks.
        until = time.monotonic() + PATIENCE
        while not is_ready(f"http://{address}/readyz"):
            if time.monotonic() > until or process.poll() is not None:
                raise Wrong(f"{name} does not get ready: {log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.2)
        begun = time.monotonic()
    except Wrong:
        process.kill()
        process.wait()
        raise
    code, took = stop(process), time.monotonic() - begun
    if code != 0 or took > availability.drain_seconds():
        raise Wrong(f"{name} ended with {code} after {took:.1f} s: {log.read_text(encoding='utf-8')[-2000:]}")


def is_ready(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError):
        return False


if __name__ == "__main__":
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("rehearse.py BINARY: the program, as it was built")
    main(sys.argv[1])

"""The usual stack (benches/baseline-nest) with PostgreSQL and Redis of its own, on free ports of this machine only."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import lake
import service

APPLICATION = pathlib.Path(__file__).parent.parent / "baseline-nest"
COLUMNS = ["message_id", "channel", "thread", "sender", "sent_at", "edited_at", "kind", "text", "attributes"]
SCHEMA = """
CREATE TABLE messages (organisation text NOT NULL, message_id text NOT NULL, channel text, thread text, sender text,
    sent_at timestamptz NOT NULL, edited_at timestamptz, kind text NOT NULL, text text NOT NULL, attributes text);
CREATE TABLE exports (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organisation text NOT NULL, first_day date NOT NULL,
    last_day date NOT NULL, state text NOT NULL DEFAULT 'queued', rows integer, file text,
    created_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz);
"""
INDEX = "CREATE INDEX ON messages (organisation, sent_at, message_id)"
# As delivered but for the memory: every commit is on the disk before it is answered.
POSTGRES = ["-c", "listen_addresses=", "-c", "shared_buffers=256MB", "-c", "max_connections=40"]


def build():
    """The packages of package-lock.json and the compiled program, made once."""
    stamp = APPLICATION / "node_modules" / ".installed"
    lock = (APPLICATION / "package-lock.json").read_text()
    if not stamp.exists() or stamp.read_text() != lock:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=APPLICATION, check=True)
        stamp.write_text(lock)
    subprocess.run(["npm", "run", "--silent", "build"], cwd=APPLICATION, check=True)


def find(name):
    """A server's program: on the path, or where Debian puts those of PostgreSQL."""
    places = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(places[-1]) if places else None)
    if not found:
        raise SystemExit(f"{name} is missing: apt-get install --no-install-recommends postgresql redis-server npm")
    return found


class Baseline:
    """The stack, running and filled with the small messages; asks like `service.Outhaul`."""

    def __init__(self, bench):
        self.children = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="outhaul-baseline-", dir=bench.scratch))
        # The servers refuse to run as root, or should.
        self.identity = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
        try:
            self.start(bench)
        except BaseException:
            self.stop()
            raise

    def start(self, bench):
        build()
        if self.identity:
            shutil.chown(self.folder, "nobody", "nogroup")
        self.folder.chmod(0o755)
        files = self.folder / "files"
        files.mkdir()
        database, redis_port, self.port = self.folder / "database", service.free_port(), service.free_port()
        initdb = [find("initdb"), "-D", database, "-U", "baseline", "-A", "trust", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self.identity)
        self.spawn([find("postgres"), "-D", database, "-k", self.folder, *POSTGRES], bench.log, **self.identity)
        redis = ["--port", str(redis_port), "--bind", "127.0.0.1", "--dir", self.folder, "--maxmemory-policy", "noeviction"]
        self.spawn([find("redis-server"), *redis], bench.log, **self.identity)
        service.wait_until(lambda: self.is_up(), "the start of PostgreSQL", 0.1, service.START_SECONDS)
        self.fill(bench.lakes.small_messages())
        environment = {
            "PGUSER": "baseline",
            "BASELINE_PORT": str(self.port),
            "BASELINE_REDIS_PORT": str(redis_port),
            "BASELINE_POSTGRES_SOCKET": str(self.folder),
            "BASELINE_FILES": str(files),
            "NODE_ENV": "production",
        }
        self.spawn(["node", APPLICATION / "dist" / "main.js"], bench.log, env=os.environ | environment)
        ready = lambda: service.answers(self.port, "/ready", self.children[-1])
        service.wait_until(ready, "the start of NestJS", 0.1, service.START_SECONDS)

    def spawn(self, command, log, **options):
        with open(log, "ab") as out:
            child = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out, cwd=self.folder, **options)
        self.children.append(child)

    def psql(self, statement, **options):
        command = [find("psql"), "-h", self.folder, "-U", "baseline", "-d", "postgres", "-q", "-X", "-v", "ON_ERROR_STOP=1"]
        return subprocess.run([*command, "-c", statement], stdout=subprocess.DEVNULL, cwd=self.folder, **options)

    def is_up(self):
        if self.children[0].poll() is not None:
            raise SystemExit("PostgreSQL did not start")
        return self.psql("SELECT 1", stderr=subprocess.DEVNULL).returncode == 0 or None

    def fill(self, messages):
        self.psql(SCHEMA, check=True)
        rows = self.folder / "rows.txt"
        with open(messages, encoding="utf-8") as lines, open(rows, "w", encoding="utf-8") as output:
            for line in lines:
                message = json.loads(line)
                cells = [lake.SMALL_ORGANISATION, *(cell(message.get(name)) for name in COLUMNS)]
                output.write("\t".join(cells) + "\n")
        with open(rows, "rb") as file:
            self.psql("COPY messages FROM STDIN", check=True, stdin=file)
        rows.unlink()
        self.psql(INDEX, check=True)
        self.psql("VACUUM ANALYZE messages", check=True)
        self.psql("CHECKPOINT", check=True)

    def client(self):
        return service.Client(self.port)

    def ask(self, client, first, last, form):
        status, answer = client.request(
            "POST", "/exports", {"organisation": lake.SMALL_ORGANISATION, "from": str(first), "to": str(last)}
        )
        if status != 202:
            raise SystemExit(f"the baseline answered with {status}: {answer}")
        return answer["id"]

    def rows(self, client, export):
        return self.export(client, export)["rows"]

    def export(self, client, export):
        status, answer = client.request("GET", f"/exports/{export}")
        if status != 200:
            raise SystemExit(f"the baseline answered with {status}: {answer}")
        return answer

    def stop(self):
        """In the order NestJS, Redis, PostgreSQL, so that nobody misses what it needs."""
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        time.sleep(0.1)
        shutil.rmtree(self.folder, ignore_errors=True)


def cell(value):
    """A cell as PostgreSQL's COPY reads it; attributes are text here too."""
    if value is None:
        return "\\N"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")

"""Outhaul as a service, and a client for small requests that costs little beside what it measures."""

import datetime
import json
import os
import secrets
import socket
import subprocess
import time

DEADLINE_SECONDS, START_SECONDS = 1800, 60
EMAIL = "ada@example.org"
# Both are there so that one person doesn't take all; here one person is all there is.
ENVIRONMENT = {
    "OUTHAUL_LIMITS__EXPORTS_PER_ORGANISATION_PER_DAY": "1000000",
    "OUTHAUL_LIMITS__RUNNING_EXPORTS_PER_ORGANISATION": "64",
    "OUTHAUL_LOGS__LEVEL": "warn",
}


class Client:
    """One connection that is kept; HTTP/1.1 with Content-Length, nothing more."""

    def __init__(self, port, token=None):
        self.port, self.connection = port, None
        self.authorization = f"Authorization: Bearer {token}\r\n" if token else ""

    def request(self, method, path, body=None):
        """Status and JSON. A connection that the server closed meanwhile is opened again once."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{self.authorization}"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        message = head.encode() + b"\r\n" + data
        if self.connection is not None:
            try:
                return self.exchange(message)
            except ConnectionError:
                self.connection.close()
        self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.exchange(message)

    def exchange(self, message):
        self.connection.sendall(message)
        head, _, body = self.receive(b"", lambda data: b"\r\n\r\n" in data).partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", 0))
        body = self.receive(body, lambda data: len(data) >= length)
        is_json = "json" in headers.get("content-type", "")
        return int(status.split()[1]), json.loads(body) if is_json and body else None

    def receive(self, data, is_enough):
        while not is_enough(data):
            more = self.connection.recv(65536)
            if not more:
                raise ConnectionError("the server closed the connection")
            data += more
        return data


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, pause_seconds=0.001, deadline_seconds=DEADLINE_SECONDS):
    """Looks every millisecond; the API has no call that waits."""
    deadline = time.monotonic() + deadline_seconds
    while True:
        found = condition()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} took over {deadline_seconds} s")
        time.sleep(pause_seconds)


class Outhaul:
    """`outhaul serve` on a data folder, with one member who is signed in. Asks for exports of one organisation."""

    def __init__(self, program, data, organisation, log):
        self.organisation, self.port = organisation, free_port()
        password = secrets.token_hex(16)
        people = os.environ | {"OUTHAUL_PASSWORD": password}
        for command in (["user", "create", EMAIL], ["member", "add", organisation, EMAIL, "--role", "admin"]):
            subprocess.run([program, "-q", "--data", data, *command], check=True, env=people, stdout=subprocess.DEVNULL)
        serve = [program, "--data", data, "serve", "--listen", f"127.0.0.1:{self.port}"]
        with open(log, "wb") as out:
            self.child = subprocess.Popen(serve, env=os.environ | ENVIRONMENT, stdout=out, stderr=out)
        try:
            wait_until(lambda: answers(self.port, "/readyz", self.child), "the start", 0.05, START_SECONDS)
            self.token = self.sign_in(password)
        except BaseException:
            self.stop()
            raise

    def sign_in(self, password):
        status, answer = Client(self.port).request("POST", "/v1/auth/login", {"email": EMAIL, "password": password})
        if status != 200:
            raise SystemExit(f"the sign-in was answered with {status}")
        return answer["access_token"]

    def client(self):
        return Client(self.port, self.token)

    def ask(self, client, first, last, form):
        """The id of a new export."""
        body = {"dataset": "messages", "from": str(first), "to": str(last), "format": form}
        status, answer = client.request("POST", f"/v1/organisations/{self.organisation}/exports", body)
        if status != 202:
            raise SystemExit(f"an export was answered with {status}: {answer}")
        return answer["id"]

    def rows(self, client, export):
        """How many rows a ready export has; None while it is on its way."""
        status, answer = client.request("GET", f"/v1/organisations/{self.organisation}/exports/{export}")
        if status != 200 or answer["state"] in ("failed", "cancelled", "expired"):
            raise SystemExit(f"an export was answered with {status}: {answer}")
        return answer["progress"]["rows"] if answer["state"] == "succeeded" else None

    def cpu_seconds(self):
        return cpu_seconds(self.child.pid)

    def stop(self):
        self.child.terminate()
        self.child.wait(60)


def answers(port, path, child):
    if child.poll() is not None:
        raise SystemExit(f"the service ended with {child.returncode}")
    try:
        return Client(port).request("GET", path)[0] < 500 or None
    except OSError:
        return None


def cpu_seconds(pid):
    """User and system time of a process that runs, with its threads, in steps of 10 ms."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def day(first, number):
    return first + datetime.timedelta(days=number)

"""A stand-in for the service, as far as the page uses it: it shows the page states that are hard to bring about.

It serves `web/` under the policy of crates/api/src/page.rs, which it reads from there.
"""

import http.server
import json
import pathlib
import re
import threading

ROOT = pathlib.Path(__file__).parents[2]
EMAIL, PASSWORD = "u1@example.org", "correct horse"
RUNNING, FAILED, WAITING, OWN = (f"01890a5d-ac96-774b-bcce-b3020000000{number}" for number in range(4))
FILE, CONTENT = "o1-messages-2021-01-01-2021-03-31.zip", bytes(range(256)) * 100
HOSTILE = "<img src=x onerror=alert(1)> A part did not succeed."
SEGMENTS = 3
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def policy():
    source = (ROOT / "crates/api/src/page.rs").read_text()
    literal = re.search(r'POLICY: &str = "(.*?)";', source, re.DOTALL).group(1)
    return re.sub(r"\\\n\s*", "", literal)


class State:
    """What the service knows; tokens are numbered, only the newest is good."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tokens = 0
        self.expires_in = 300
        self.last_refresh = None
        self.refreshes = []
        self.answers_to_lose = 0
        self.looks = 0
        self.retried = False
        self.is_down = False
        self.deleted = set()

    def pair(self):
        self.tokens += 1
        return {"access_token": f"access{self.tokens}", "token_type": "Bearer", "expires_in": self.expires_in,
                "refresh_token": f"refresh{self.tokens}", "refresh_expires_in": 2592000}


def start():
    """A running server; `server.state` is what it knows, `server.url` where it listens."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.state, server.policy = State(), policy()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/" or self.path.startswith("/web/"):
            return self.page("index.html" if self.path == "/" else self.path.removeprefix("/web/"))
        if self.path == "/v1/downloads/link":
            return self.send(200, CONTENT, "application/zip", {"content-disposition": f'attachment; filename="{FILE}"'})
        return self.api(None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.api(json.loads(body) if body else None)

    def page(self, name):
        path = ROOT / "web" / pathlib.PurePath(name).name
        if not path.is_file():
            return self.problem(404, "not_found", "There is nothing here")
        headers = {"content-security-policy": self.server.policy, "x-content-type-options": "nosniff",
                   "referrer-policy": "no-referrer", "cache-control": "no-cache"}
        self.send(200, path.read_bytes(), TYPES[path.suffix], headers)

    def api(self, body):
        state = self.server.state
        with state.lock:
            if state.is_down:
                return self.problem(503, "unavailable", "Not now", {"retry-after": "7"})
            if self.path.startswith("/v1/auth/"):
                return self.auth(state, self.path.rsplit("/", 1)[1], body)
            if self.headers.get("authorization") != f"Bearer access{state.tokens}":
                return self.problem(401, "unauthenticated", "Sign in")
            self.answer(state, body)

    def auth(self, state, what, body):
        if what == "login":
            if (body["email"], body["password"]) != (EMAIL, PASSWORD):
                return self.problem(401, "login_failed", "The address or the password is wrong")
            return self.json(state.pair())
        if what == "logout":
            return self.send(204, b"", "text/plain")
        key = (body["refresh_token"], body["nonce"])
        state.refreshes.append(key)
        is_repeat = state.last_refresh is not None and state.last_refresh[0] == key
        if not is_repeat and body["refresh_token"] != f"refresh{state.tokens}":
            return self.problem(401, "refresh_failed", "Sign in again")
        if not is_repeat:
            state.last_refresh = (key, state.pair())
        if state.answers_to_lose:
            state.answers_to_lose -= 1
            return self.close()
        self.json(state.last_refresh[1])

    def close(self):
        self.close_connection = True
        self.connection.close()

    def answer(self, state, body):
        path = self.path.removeprefix("/v1/")
        if path == "me":
            places = [{"slug": "o1", "role": "member"}, {"slug": "o2.with-a-long-name", "role": "admin"}]
            return self.json({"id": OWN, "email": EMAIL, "organisations": places, "profile": {}})
        if path == "organisations/o1/exports":
            return self.json({"items": [self.export(RUNNING, "running"), self.export(FAILED, "failed")], "next_cursor": None})
        found = re.fullmatch(rf"(?:organisations/o1|me)/exports/({RUNNING}|{FAILED}|{WAITING}|{OWN})(/links|/retry)?", path)
        if not found or found.group(1) in state.deleted:
            return self.problem(404, "not_found", "There is nothing here")
        export, what = found.groups()
        if what == "/links":
            return self.json({"url": f"{self.server.url}/v1/downloads/link", "expires_at": "2021-04-08T14:06:04.000000Z"})
        if what == "/retry":
            state.retried = True
        self.json(self.look(state, export))

    def look(self, state, export):
        if export == FAILED and not state.retried:
            return self.export(export, "failed")
        if export == WAITING:
            return self.export(export, "queued") | {"waits_for": {"reason": "place"}}
        if export == RUNNING:
            state.looks += 1
            if state.looks <= SEGMENTS:
                return self.export(export, "running", state.looks - 1)
        return self.export(export, "succeeded", SEGMENTS)

    def export(self, export, state, done=0):
        files = [{"name": FILE, "bytes": len(CONTENT), "crc64nvme": "0" * 16, "manifest_blake3": "0" * 64}]
        failure = {"code": "step_failed", "message": HOSTILE, "days": ["2021-01-01", "2021-01-02", "2021-02-28", "2021-03-01", "2021-03-05"]}
        request = {"dataset": "messages", "from": "2021-01-01", "to": "2021-03-31", "time_zone": "Europe/Berlin"}
        return {
            "id": export, "dataset": "messages", "state": state,
            "request": {"dataset": "memberships"} if export == OWN else request,
            "progress": {"segments": SEGMENTS, "segments_done": done, "rows": 1234567, "bytes": 25600},
            "files": files if state == "succeeded" else [],
            "created_at": "2021-04-08T14:05:04.000000Z", "finished_at": None,
            "expires_at": "2021-04-15T14:05:04.000000Z" if state == "succeeded" else None,
        } | ({"failure": failure} if state == "failed" else {})

    def json(self, value):
        self.send(200, json.dumps(value).encode(), "application/json")

    def problem(self, status, code, title, headers=None):
        body = json.dumps({"type": "about:blank", "title": title, "status": status, "code": code}).encode()
        self.send(status, body, "application/problem+json", headers)

    def send(self, status, body, media_type, headers=None):
        self.send_response(status)
        for name, value in ({"content-type": media_type, "content-length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

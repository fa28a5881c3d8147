"""Shows that the program and the chart fit: `program.py BINARY`.

- The program takes the environment of every role and profile: whatever it says of the engines, which are not there, it does not
  refuse a setting (exit code 2), and does refuse one that is changed.
- Two pods that read one mounted secret have the same public keys, and write nothing there; one that is added joins them.
- The counts that the program really gives are those that the gate reads from its source.

Exit code 1 where something is not so.
"""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

import keys
from gates import helm, metrics

# Of the program: what it was told cannot be.
USAGE = 2
PATIENCE = 120
# What has no value before a letter is sent.
UNSEEN = {"outhaul_mails_total"}


class Wrong(Exception):
    """Something does not fit."""


def main(binary):
    binary = pathlib.Path(binary).resolve()
    try:
        for profile in helm.PROFILES:
            for thing, container in helm.roles(helm.template(profile)):
                takes(binary, container)
                print(f"program: takes the environment of {profile}, {helm.named(thing)}", flush=True)
        shares_keys(binary)
        print("program: two pods have the same keys, and know one that is added", flush=True)
        counts(binary)
        print("program: gives the counts that its source says")
    except Wrong as wrong:
        sys.exit(f"program: FAILED: {wrong}")
    print("program: passed")


def start(binary, environment, *arguments, then=subprocess.run, **more):
    # Nothing of AWS answers here, and nobody waits for it.
    surroundings = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}
    return then([binary, *arguments], env=surroundings | environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, **more)


def takes(binary, container):
    with tempfile.TemporaryDirectory() as folder:
        environment = {entry["name"]: moved(entry["value"], folder) for entry in container["env"]}
        # Names of hosts are looked up nowhere.
        environment = {name: re.sub(r"[\w.-]+\.amazonaws\.com", "127.0.0.1", value) for name, value in environment.items()}
        environment |= {f"OUTHAUL_{engine}__ENDPOINT": '"http://127.0.0.1:1"' for engine in ("S3", "DYNAMODB", "SES")}
        done = start(binary, environment, "--json", "doctor", timeout=PATIENCE)
        if done.returncode == USAGE:
            raise Wrong(f"a setting is refused: {done.stderr.strip()}")
        for change in ({"OUTHAUL_LIMITS__PAGE_ITEM": "50"}, {"OUTHAUL_QUEUE__KIND": '"kafka"'}):
            if start(binary, environment | change, "--json", "doctor", timeout=PATIENCE).returncode != USAGE:
                raise Wrong(f"{change} is not refused: this test finds nothing")


def moved(value, folder):
    """Paths of the pod, below a folder of this machine; files that are read get a line."""
    path = re.fullmatch(r'"(/(?:run|etc|var/lib)/outhaul/[\w./-]+)"', value)
    if not path:
        return value
    place = pathlib.Path(folder + path[1])
    place.parent.mkdir(parents=True, exist_ok=True)
    if not path[1].startswith("/var/lib/"):
        place.write_text(authority() if place.suffix == ".pem" else "secret\n", encoding="utf-8")
    return json.dumps(str(place))


def authority():
    """Any certificate that can be read: one of this machine's."""
    bundle = pathlib.Path("/etc/ssl/certs/ca-certificates.crt").read_text(encoding="utf-8")
    return bundle[: bundle.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----\n")]


def shares_keys(binary):
    """Keys are made and packed as README.md says, become a secret, and are read where the chart mounts it."""
    with tempfile.TemporaryDirectory() as folder:
        base = pathlib.Path(folder)
        for fresh in ("first", "second"):
            serve(binary, base / fresh, lambda address: None)
        (base / "secret.json").write_text(keys.pack(base / "first"), encoding="utf-8")
        one, other = (known_keys(binary, base, pod, "secret.json") for pod in ("one", "other"))
        if one != other or len(one) != 1:
            raise Wrong(f"two pods have other keys: {one}, {other}")
        (base / "new.json").write_text(keys.add(base / "secret.json", base / "second", 2), encoding="utf-8")
        both = known_keys(binary, base, "third", "new.json")
        if not (len(both) == 2 and one < both):
            raise Wrong(f"a key that was added is not known, or the one before is forgotten: {both}")


def known_keys(binary, base, pod, secret):
    """Ids of the keys that a pod with this secret publishes."""
    mounted = base / f"{pod}-mounted"
    mount(mounted, {name: base64.b64decode(content) for name, content in json.loads((base / secret).read_text(encoding="utf-8")).items()})
    before, found = sorted(mounted.rglob("*")), []
    told = {told_of_keys(container): json.dumps(str(mounted)) for _, container in helm.roles(helm.template("large")) if told_of_keys(container)}
    serve(binary, base / pod, lambda address: found.extend(json.loads(get(address + "/.well-known/jwks.json"))["keys"]), told)
    if sorted(mounted.rglob("*")) != before or (base / pod / "keys").exists():
        raise Wrong("keys were written, though they are mounted")
    return {key["kid"] for key in found}


def mount(folder, files):
    """As Kubernetes does it: links into a folder that is exchanged as a whole; the group may read what the volume's mode says."""
    (mode,) = {volume["secret"]["defaultMode"] for _, pod in helm.pods(helm.manifests(helm.template("large")))
               for volume in pod["volumes"] if volume["name"] == "keys"}
    (folder / "..1").mkdir(parents=True)
    (folder / "..data").symlink_to("..1")
    for name, content in files.items():
        (folder / "..1" / name).write_bytes(content)
        (folder / "..1" / name).chmod(mode)
        (folder / name).symlink_to(f"..data/{name}")


def told_of_keys(container):
    """The variable that leads a container to where its keys are mounted."""
    places = {json.dumps(volume["mountPath"]) for volume in container["volumeMounts"] if volume["name"] == "keys"}
    return next((entry["name"] for entry in container["env"] if entry.get("value") in places), None)


def counts(binary):
    with tempfile.TemporaryDirectory() as folder:
        found = []
        # The second time the first is among the requests.
        serve(binary, pathlib.Path(folder) / "data", lambda address: found.extend(get(address + "/metrics") for _ in range(2)))
    ends = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    given = {name + end for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", found[-1], re.MULTILINE) for end in ends[kind]}
    if given | UNSEEN != set(metrics.given()):
        raise Wrong(f"its counts are others than the gate reads from {metrics.SOURCE.name}: {sorted(given ^ set(metrics.given()))}")


def serve(binary, data, ask, environment=None):
    """Runs an API on a data folder for as long as it is asked."""
    process = start(binary, environment or {}, "--data", str(data), "--json", "api", "--listen", "127.0.0.1:0", then=subprocess.Popen)
    try:
        line = process.stdout.readline()
        if not line:
            raise Wrong(f"`outhaul api` does not start: {process.communicate(timeout=PATIENCE)[1]}")
        ask(json.loads(line)["listening"])
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def get(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read().decode()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("program.py BINARY: the program, as it was built")
    main(sys.argv[1])

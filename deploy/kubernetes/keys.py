"""The keys of an installation as the secret that the chart looks for: one JSON object of file names and contents in base64.

    outhaul --data FRESH api --listen 127.0.0.1:0      makes them, and is then stopped
    keys.py pack FRESH >secret.json                    the first time
    keys.py add secret.json FRESH HOURS >new.json      another signing key, from a second fresh folder, that signs in HOURS

Every pod must have the new secret before the new key signs: HOURS covers `secrets.refreshInterval`, after which pods see it within a few
minutes. Older keys verify what they signed; once none is left of that they may be taken out.
"""

import base64
import json
import pathlib
import sys
import time

SECRET, SUFFIX = "server.secret", ".key"


def contents(folder):
    return {file.name: file.read_bytes() for file in sorted((pathlib.Path(folder) / "keys").iterdir())}


def packed(files):
    return json.dumps({name: base64.b64encode(content).decode() for name, content in files.items()}, indent=2)


def pack(folder):
    files = contents(folder)
    if SECRET not in files or not any(name.endswith(SUFFIX) for name in files):
        sys.exit(f"{folder}/keys has no {SECRET}, or no signing key: start the program on {folder} once")
    return packed(files)


def add(secret, folder, hours):
    """The server's secret stays: refresh tokens and links rest on it."""
    known = {name: base64.b64decode(content) for name, content in json.loads(pathlib.Path(secret).read_text(encoding="utf-8")).items()}
    fresh = {name: content for name, content in contents(folder).items() if name.endswith(SUFFIX)}
    for name, content in fresh.items():
        key = json.loads(content)
        # A key signs some minutes after it was made; so this one is made later.
        key["made_at"] = int((time.time() + float(hours) * 3600) * 1_000_000)
        known[name] = json.dumps(key, separators=(",", ":")).encode()
    return packed(known)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["pack", folder]:
            print(pack(folder))
        case ["add", secret, folder, hours]:
            print(add(secret, folder, hours))
        case _:
            sys.exit(__doc__)

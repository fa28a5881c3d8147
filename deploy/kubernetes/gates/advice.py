"""What checkov says of the manifests. Nothing is skipped; where that changes, the reason stands here."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

from . import helm


def check(things):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "chart.yaml").write_text(yaml.safe_dump_all(things), encoding="utf-8")
        command = [pathlib.Path(sys.prefix) / "bin/checkov", "--directory", folder, "--framework", "kubernetes", "--output", "json",
                   "--compact", "--skip-download"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | {"LOG_LEVEL": "ERROR"})
    if done.returncode not in (0, 1):
        yield f"checkov ended with {done.returncode}: {done.stderr.strip()[-500:]}"
        return
    # It passes over what it cannot read, and over folders with some names, without a word.
    results = json.loads(done.stdout).get("results", {"passed_checks": [], "failed_checks": []})
    seen = {found["resource"] for found in results["passed_checks"] + results["failed_checks"]}
    for thing, _ in helm.pods(things):
        if f"{thing['kind']}.{thing['metadata']['namespace']}.{thing['metadata']['name']}" not in seen:
            yield f"{helm.named(thing)}: checkov passed it over"
    for found in results["failed_checks"]:
        yield f"{found['resource']}: {found['check_id']} {found['check_name']}"

"""Outhaul beside what users would pick instead, on the same files in one run; README.md says what is measured and how.

    run.py [--messages N] [--rounds N] [--memory] [--only STEP]...

Everything lies below `--work`. Each measurement is kept as a file, so a run that was stopped goes on where it stood; results
belong to one build of Outhaul, so another build is measured anew, on the same lakes.
"""

import argparse
import datetime
import hashlib
import os
import pathlib
import platform
import signal
import subprocess
import sys

import exports
import lake
import measured
import report
import small

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STEPS = {
    "exports": exports.csv_and_zip,
    "quarter": exports.quarter_after_months,
    "again": small.same_again,
    "small": small.small_exports,
}


def main():
    arguments = parse()
    # What was started is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = pathlib.Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    outhaul, decode = programs(arguments)
    arguments.outhaul = outhaul
    python = environment(work)
    with open(outhaul, "rb") as file:
        build = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    results = measured.Results(work / "results" / f"{arguments.messages}-{build}")
    about = results.once("about", lambda: describe(arguments, outhaul, build, python))
    bench = exports.Bench(arguments, python, decode, lake.Lakes(outhaul, work / "lakes"), results)
    bench.scratch = arguments.scratch
    for name, step in STEPS.items():
        if not arguments.only or name in arguments.only:
            step(bench)
    if arguments.memory:
        exports.memory(bench)
    print(report.report(results, about))
    print(f"written to {results.folder}/table.md and results.json")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4_000_000, help="of the organisation that is exported")
    parser.add_argument("--rounds", type=int, default=5, help="how often each program is measured")
    parser.add_argument("--memory", action="store_true", help="also ten times the messages, for their peak memory")
    parser.add_argument("--only", action="append", choices=STEPS, help="only this step (repeat for more); the table has what is there")
    parser.add_argument("--work", default=ROOT / "target" / "peers", help="where lakes, the environment and results are kept")
    parser.add_argument("--scratch", help="folder for PostgreSQL and Redis, readable for `nobody` (default: a temporary one)")
    parser.add_argument("--outhaul", help="a built program to measure (default: build the release)")
    parser.add_argument("--decode", help="the example `decode`, built (default: build the release)")
    return parser.parse_args()


def programs(arguments):
    """Outhaul and the decoder, as shipped: built from the checkout unless given."""
    release = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    if not (arguments.outhaul and arguments.decode):
        cargo = ["cargo", "build", "--release", "--locked"]
        subprocess.run([*cargo, "-p", "cli", "-p", "lake", "--bin", "outhaul", "--example", "decode"], cwd=ROOT, check=True)
    outhaul = pathlib.Path(arguments.outhaul or release / "outhaul").resolve()
    return outhaul, pathlib.Path(arguments.decode or release / "examples" / "decode").resolve()


def environment(work):
    """A virtual environment with exactly requirements.txt; the copy is written last, so where it agrees all is there."""
    wanted, folder = (HERE / "requirements.txt").read_text(), work / "venv"
    copy, python = folder / "requirements.txt", folder / "bin" / "python"
    if not copy.exists() or copy.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"]
        subprocess.run([python, *pip, "--requirement", HERE / "requirements.txt"], check=True)
        copy.write_text(wanted)
    return python


def describe(arguments, outhaul, build, python):
    """Machine, commit and command."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("duckdb", "polars", "chdb", "pyarrow")
    versions = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True).stdout.split()
    profile = "release" if "release" in outhaul.parts else "not the release"
    return {
        "when": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "machine": f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}",
        "commit": f"{git('rev-parse', '--short=12', 'HEAD')}{' with changes' if git('status', '--porcelain') else ''}",
        "outhaul": f"{profile} build, SHA-256 {build}",
        "command": f"benches/peers/run.py --messages {arguments.messages} --rounds {arguments.rounds}",
        "peers": ", ".join(version for version in versions if version.split("==")[0] in names),
    }


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()


main()

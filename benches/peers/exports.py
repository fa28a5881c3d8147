"""What is measured with commands: CSV, gzip and ZIP, overlapping files, the quarter after its months, peak memory."""

import json
import os
import pathlib
import subprocess

import lake
import measured

PEERS = ["duckdb", "polars", "chdb", "pyarrow"]
HERE = pathlib.Path(__file__).parent
# A peer whose first round took more than this many times the CPU of the best one's is not measured again.
HOPELESS = 3


class Bench:
    """Where everything lies, and how often it is measured."""

    def __init__(self, arguments, python, decode, lakes, results):
        self.outhaul, self.python, self.decode = arguments.outhaul, python, decode
        self.lakes, self.results, self.rounds = lakes, results, arguments.rounds
        self.messages, self.work = arguments.messages, pathlib.Path(arguments.work)
        self.outputs = self.work / "outputs"
        self.outputs.mkdir(parents=True, exist_ok=True)
        self.log = self.outputs / "log.txt"

    def request(self, data):
        """The request that peers get, found through the lake's Iceberg metadata."""
        path = data.with_name(data.name + ".request.json")
        if not path.exists():
            draft = path.with_suffix(".draft")
            days = ["--from", lake.FIRST, "--to", lake.LAST]
            files = [self.python, HERE / "files.py", "--data", data, "--org", lake.ORGANISATION, *days, "--output", draft]
            subprocess.run(files, check=True)
            draft.rename(path)
        return path

    def export(self, data, output, *options, first=lake.FIRST, last=lake.LAST, organisation=lake.ORGANISATION):
        """Outhaul's command; what the export leaves in the data folder stays there."""
        days = ["--from", first, "--to", last]
        command = [self.outhaul, "-q", "--data", data, "export", "messages", "--org", organisation, *days]
        return self.take([*command, *options, "--output", output], output)

    def take(self, command, output):
        """One measurement of a command that writes `output`."""
        for old in self.outputs.glob(output.name + "*"):
            old.unlink()
        value = measured.run([str(word) for word in command], log=self.log)
        return value | {"output_bytes": output.stat().st_size if output.exists() else 0}

    def content(self, output):
        """Rows and hashes of a CSV."""
        compare = [self.python, HERE / "compare.py", output]
        # One seed, so that hashes of different runs can be compared.
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        return json.loads(subprocess.run(compare, check=True, stdout=subprocess.PIPE, env=environment).stdout)

    def compare(self, case, program, output):
        """Ends the run where a program wrote something else than Outhaul's CSV; called once for each program and case."""
        found = self.content(output)
        reference = self.results.get("content/csv.outhaul") or found
        differing = [key for key in ("header", "rows", "content") if found[key] != reference[key]]
        if differing:
            raise SystemExit(f"{case} of {program} differs from Outhaul's CSV in {differing}: {found}, not {reference}")
        self.results.put(f"content/{case}.{program}", found | {"in_order": found["order"] == reference["order"]})

    def once(self, case, program, number, run, output=None):
        """Measures unless it is done; the first round is compared before it counts."""
        name = f"{case}/{program}.{number}"
        if self.results.get(name):
            return
        value = run()
        if output and self.results.get(f"content/{case}.{program}") is None:
            self.compare(case, program, output)
        if output:
            output.unlink()
        self.results.put(name, value)
        print(
            f"{case:12} {program:20} {number}: CPU {value['cpu_seconds']:8.2f} s, wall {value['wall_seconds']:8.2f} s, "
            f"{value['peak_bytes'] / 2**20:7.0f} MiB, {value['output_bytes'] / 1e6:9.1f} MB",
            flush=True,
        )

    def peers(self, case, number):
        """The peers of a round: all of the first, then those that could still be the best."""
        firsts = {peer: self.results.get(f"{case}/{peer}.1") for peer in PEERS}
        if number == 1 or None in firsts.values():
            return PEERS
        least = min(value["cpu_seconds"] for value in firsts.values())
        return [peer for peer in PEERS if firsts[peer]["cpu_seconds"] <= HOPELESS * least]

    def fresh_export(self, data, output, form):
        """Builds every part anew; the files of the run before are gone, the job store knows it still."""
        lake.forget_files(data, "archives", "parts")
        return self.export(data, output, "--format", form, "--no-reuse")


def csv_and_zip(bench):
    """The peers' CSV and gzip beside Outhaul's CSV and ZIP, and decoding alone, in turn."""
    data, overlapping = bench.lakes.sorted(bench.messages), bench.lakes.overlapping(bench.messages)
    # A run that was stopped may have left anything but a changed lake.
    for folder in (data, overlapping):
        lake.reset(folder)
    request = bench.request(data)
    files = json.loads(request.read_text())["files"]
    bench.results.put("files", {"sorted": lake.files_of(data), "overlapping": lake.files_of(overlapping)})
    subprocess.run(["cat", *files], stdout=subprocess.DEVNULL, check=True)
    for number in range(1, bench.rounds + 1):
        csv = bench.outputs / "outhaul.csv"
        bench.once("csv", "outhaul", number, lambda: bench.fresh_export(data, csv, "csv"), csv)
        bench.once("csv", "decode", number, lambda: bench.take([bench.decode, "all", *files], bench.outputs / "none"))
        for peer in bench.peers("csv", number):
            output = bench.outputs / f"{peer}.csv"
            command = [bench.python, HERE / f"peer_{peer}.py", "--request", request, "--output", output]
            bench.once("csv", peer, number, lambda: bench.take(command, output), output)
        for program, folder in (("outhaul", data), ("outhaul-overlapping", overlapping)):
            output = bench.outputs / f"{program}.zip"
            bench.once("zip", program, number, lambda: bench.fresh_export(folder, output, "zip"), output)
        for peer in bench.peers("zip", number):
            output = bench.outputs / f"{peer}.csv.gz"
            command = [bench.python, HERE / f"peer_{peer}.py", "--gzip", "--request", request, "--output", output]
            bench.once("zip", peer, number, lambda: bench.take(command, output), output)
    for folder in (data, overlapping):
        lake.reset(folder)


def quarter_after_months(bench):
    """A quarter from nothing, and one whose months were exported before and whose archives are gone."""
    data, output = bench.lakes.sorted(bench.messages), bench.outputs / "quarter.zip"

    def from_nothing():
        lake.reset(data)
        return bench.export(data, output)

    def after_months():
        lake.reset(data)
        for first, last in lake.MONTHS:
            bench.export(data, output, first=first, last=last)
        lake.forget_files(data, "archives")
        return bench.export(data, output)

    for number in range(1, min(bench.rounds, 3) + 1):
        bench.once("quarter", "from-nothing", number, from_nothing, output)
        bench.once("quarter", "after-months", number, after_months, output)
    lake.reset(data)


def memory(bench):
    """Peak memory at ten times the messages, beside that of the measured size."""
    data = lake.reset(bench.lakes.sorted(10 * bench.messages))
    for form in ("csv", "zip"):
        output = bench.outputs / f"memory.{form}"
        bench.once("memory", form, 1, lambda: bench.fresh_export(data, output, form))
        output.unlink(missing_ok=True)
    lake.reset(data)

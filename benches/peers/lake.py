"""Makes the lakes that are measured: by day and sorted, of many overlapping files, and of small days."""

import collections
import datetime
import json
import os
import pathlib
import shutil
import subprocess

ORGANISATION = "org-0004"
FIRST, LAST = "2024-01-01", "2024-03-31"
MONTHS = [("2024-01-01", "2024-01-31"), ("2024-02-01", "2024-02-29"), ("2024-03-01", "2024-03-31")]
# org-0004 gets 1/4 where the organisations get shares of 1, 1/2, 1/3 and 1/4.
MESSAGES_PER_KEPT = 25 / 3
OVERLAPPING_FILES = 100
SMALL_ORGANISATION, SMALL_FIRST, SMALL_DAYS, SMALL_ROWS = "small", datetime.date(2020, 1, 1), 600, 100
# The generator repeats only some of the last 64 messages.
WINDOW = 65_536


class Lakes:
    """Data folders below one folder; each is whole once it is there."""

    def __init__(self, outhaul, folder):
        self.outhaul, self.folder = outhaul, pathlib.Path(folder)

    def sorted(self, messages):
        """One organisation's messages as one batch, so one sorted file a day, and three smaller organisations beside it."""
        return self.provide(f"{messages}-sorted", lambda data: self.fill(data, messages, 1))

    def overlapping(self, messages):
        """The same messages in 100 batches, each over the whole range: every day has 100 files that overlap."""
        return self.provide(f"{messages}-overlapping", lambda data: self.fill(data, messages, OVERLAPPING_FILES))

    def small(self):
        """An organisation with exactly 100 messages a day; `small.ndjson` beside it holds them."""
        return self.provide("small", self.fill_small)

    def small_messages(self):
        return self.folder / "small.ndjson"

    def provide(self, name, fill):
        data, whole = self.folder / name, self.folder / f"{name}.whole"
        if not whole.exists():
            shutil.rmtree(data, ignore_errors=True)
            data.with_name(f"{name}.request.json").unlink(missing_ok=True)
            data.mkdir(parents=True)
            print(f"making the lake {data}", flush=True)
            fill(data)
            keep(data)
            whole.touch()
        return data

    def fill(self, data, messages, files):
        batches = [data / f"batch-{number:03}.ndjson" for number in range(files)]
        options = ["--organisations", "4", "--days", "91", "--from", FIRST]
        generate = ["generate", "--messages", str(round(messages * MESSAGES_PER_KEPT)), "--org", ORGANISATION, *options]
        with subprocess.Popen([self.outhaul, "-q", *generate, "--output", "-"], stdout=subprocess.PIPE) as child:
            outputs = [open(batch, "wb") for batch in batches]
            for number, line in enumerate(unrepeated(child.stdout)):
                outputs[number % files].write(line)
            for output in outputs:
                output.close()
        if child.returncode:
            raise SystemExit("outhaul generate failed")
        self.ingest(data, ORGANISATION, batches)
        for other in ("org-0001", "org-0002", "org-0003"):
            batch = data / f"{other}.ndjson"
            self.call(data, "generate", "--messages", str(messages // 5), "--org", other, *options, "--output", batch)
            self.ingest(data, other, [batch])

    def ingest(self, data, organisation, batches):
        self.call(data, "ingest", "--org", organisation, "--create", *batches)
        for batch in batches:
            batch.unlink()

    def fill_small(self, data):
        texts = data / "texts.ndjson"
        self.call(data, "generate", "--messages", str(SMALL_DAYS * SMALL_ROWS), "--organisations", "1", "--output", texts)
        with open(texts, encoding="utf-8") as lines, open(self.small_messages(), "w", encoding="utf-8") as output:
            for number, line in enumerate(lines):
                output.write(json.dumps(small_message(number, json.loads(line)), ensure_ascii=False, separators=(",", ":")) + "\n")
        texts.unlink()
        self.call(data, "ingest", "--org", SMALL_ORGANISATION, "--create", self.small_messages())

    def call(self, data, *arguments):
        subprocess.run([self.outhaul, "-q", "--data", data, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def small_message(number, message):
    """A generated message moved to its place: 100 a day, one every ten minutes."""
    day = SMALL_FIRST + datetime.timedelta(days=number // SMALL_ROWS)
    clock = datetime.timedelta(minutes=10 * (number % SMALL_ROWS), microseconds=number)
    sent_at = datetime.datetime.combine(day, datetime.time()) + clock
    kept = {name: message.get(name) for name in ("channel", "thread", "sender", "kind", "text", "attributes")}
    return {"message_id": f"m-{number:06}", "sent_at": sent_at.isoformat(timespec="microseconds") + "Z", **kept}


def unrepeated(lines):
    """Without exact repeats, which an export leaves out and a plain SELECT would not."""
    order, known = collections.deque(), set()
    for line in lines:
        value = hash(line)
        if value in known:
            continue
        known.add(value)
        order.append(value)
        if len(order) > WINDOW:
            known.discard(order.popleft())
        yield line


def keep(data):
    """Remembers how a data folder was when its lake was filled; the files of the lake itself are never changed."""
    kept = data.with_name(data.name + ".kept")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(data, kept, ignore=lambda folder, names: {"lake"} if folder == str(data) else set())


def reset(data):
    """Makes it so again: no export was ever made. A lake knows its place, so a copy elsewhere would not do."""
    for entry in data.iterdir():
        if entry.name != "lake":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shutil.copytree(data.with_name(data.name + ".kept"), data, dirs_exist_ok=True)
    return data


def forget_files(data, *kinds):
    """Removes what exports left: `archives`, `parts`, `plans`."""
    for kind in kinds:
        for entry in (data / "artifacts" / kind).glob("*"):
            shutil.rmtree(entry)


def files_of(data):
    return sum(1 for _ in (data / "lake").rglob(f"organisation={ORGANISATION}/**/*.parquet"))

"""Compares exported archives with the messages they were made from, by an implementation that is not ours.

    compare.py --original a.ndjson.zst --org SLUG --from 2024-01-01 --to 2024-03-31 [--time-zone Europe/Berlin]
               [--columns a,b] [--channel C]... [--sender S]... [--profile spreadsheet] [--skip-duckdb] ARCHIVE...
    compare.py --original a.ndjson.zst --org SLUG --batch -      reads the originals once and a JSON array of checks from stdin:
               [{"archives": [..], "from": .., "to": .., "time_zone": .., "columns": [..], "channels": [..], "senders": [..],
                 "profile": .., "duckdb": true}, ..]

Several originals are sent to the organisation one after the other; lines that the contract refuses are left out and listed.
Prints one JSON object per archive check: rows, sha256 of the rows in order, exact_repeats, refused_by_filter, entries, and
`refused` as [{file, line, field, reason}]. The first difference is printed to stderr, and the exit code is 1.
"""

import argparse
import collections
import datetime
import hashlib
import json
import sys

import exported
import messages
from exported import Difference, need

FORMULA = tuple("=+-@\t\r＝＋－＠")


def main():
    arguments = parse_arguments()
    known, refused = messages.read(arguments.original, arguments.org)
    known.sort(key=messages.Message.order)
    checks = json.load(sys.stdin) if arguments.batch else [check_of(arguments)]
    for check in checks:
        try:
            print(json.dumps(compare(known, check) | {"refused": refused}), flush=True)
        except Difference as difference:
            print(f"{' '.join(check['archives'])}: {difference}", file=sys.stderr)
            return 1
    return 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--original", action="append", required=True)
    parser.add_argument("--org", required=True)
    parser.add_argument("--from", dest="first")
    parser.add_argument("--to", dest="last")
    parser.add_argument("--time-zone", default="UTC")
    parser.add_argument("--columns")
    parser.add_argument("--channel", action="append")
    parser.add_argument("--sender", action="append")
    parser.add_argument("--profile", default="rfc4180")
    parser.add_argument("--skip-duckdb", action="store_true")
    parser.add_argument("--batch", choices=["-"])
    parser.add_argument("archives", nargs="*")
    arguments = parser.parse_args()
    if not arguments.batch and not (arguments.first and arguments.last and arguments.archives):
        parser.error("--from, --to and an archive are needed")
    return arguments


def check_of(arguments):
    return {
        "archives": arguments.archives,
        "from": arguments.first,
        "to": arguments.last,
        "time_zone": arguments.time_zone,
        "columns": arguments.columns.split(",") if arguments.columns else None,
        "channels": arguments.channel,
        "senders": arguments.sender,
        "profile": arguments.profile,
        "duckdb": not arguments.skip_duckdb,
    }


def compare(known, check):
    """What the archives of one check hold; raises Difference."""
    wanted = Wanted(known, check)
    archive = exported.Archive(check["archives"])
    columns = [name for name in messages.COLUMNS if not check.get("columns") or name in check["columns"]]
    is_spreadsheet = check.get("profile") == "spreadsheet"
    expected = [(day, cells(row, columns, is_spreadsheet)) for day, row in wanted.rows]
    digest = hashlib.sha256()
    at = 0
    for name, text in archive.texts.items():
        if is_spreadsheet:
            need(text.startswith("\ufeff"), f"{name}: has no byte order mark")
            text = archive.texts[name] = text[1:]
        at = check_text(name, text, columns, expected, at, digest)
    need(at == len(expected), f"{len(expected) - at} rows are missing, the first is {expected[min(at, len(expected) - 1)]}" if expected else "")
    check_manifests(archive, wanted, check, columns)
    if check.get("duckdb", True):
        check_duckdb(archive, columns, [row for _, row in expected])
    return {
        "rows": at,
        "sha256": digest.hexdigest(),
        "exact_repeats": wanted.exact_repeats,
        "refused_by_filter": wanted.refused_by_filter,
        "entries": len(archive.texts),
    }


class Wanted:
    """The rows that a request must give, each with its day in the zone; what is counted beside them."""

    def __init__(self, known, check):
        zone = messages.Zone(check.get("time_zone") or "UTC")
        channels, senders = check.get("channels"), check.get("senders")
        self.rows, self.exact_repeats, self.refused_by_filter = [], 0, 0
        before = None
        for message in known:
            day = zone.day(message.sent_at)
            if day is None or not check["from"] <= day <= check["to"]:
                continue
            _, channel, _, sender, *_ = message.values
            if (channels is not None and channel not in channels) or (senders is not None and sender not in senders):
                self.refused_by_filter += 1
            elif message.values == before:
                self.exact_repeats += 1
            else:
                before = message.values
                self.rows.append((day, message.values))


def cells(values, columns, is_spreadsheet):
    row = tuple(value for name, value in zip(messages.COLUMNS, values) if name in columns)
    if is_spreadsheet:
        row = tuple("'" + value if value is not None and value.startswith(FORMULA) else value for value in row)
    return row


def check_text(name, text, columns, expected, at, digest):
    """Reads one CSV twice and compares it with the expected rows from `at` on; returns where they end."""
    header, *rows = exported.tokens(text, name)
    need(header == columns, f"{name}: header {header}")
    by_module = exported.csv_module(text)
    day = exported.day_of(name)
    need(rows or day is None, f"{name}: a day without rows has no entry")
    need(len(by_module) == len(rows) + 1, f"{name}: csv reads {len(by_module) - 1} rows, the tokenizer {len(rows)}")
    for number, row in enumerate(rows, 1):
        wanted_day, wanted = expected[at] if at < len(expected) else (None, None)
        if tuple(row) != wanted:
            raise Difference(f"{name}: row {number} is {show(row)}, expected {show(wanted)}")
        if day not in (None, wanted_day):
            raise Difference(f"{name}: row {number} belongs to {wanted_day}")
        # A row of one null cell is an empty line, which csv gives as a row without cells.
        plain = [value or "" for value in row]
        if by_module[number] != plain and (plain != [""] or by_module[number]):
            raise Difference(f"{name}: row {number}: csv reads {show(by_module[number])}")
        add(digest, row)
        at += 1
    return at


def show(row):
    text = repr(row)
    return text if len(text) < 600 else text[:600] + "…"


def add(digest, row):
    """Adds a row so that no two different rows give the same bytes."""
    cells = ("-" if value is None else f"{len(value)}:{value}" for value in row)
    digest.update((",".join(cells) + "\n").encode())


def check_duckdb(archive, columns, expected):
    found = archive.duckdb(columns)
    need(len(found) == len(expected), f"DuckDB reads {len(found)} rows, expected {len(expected)}")
    missing = collections.Counter(expected) - collections.Counter(found)
    need(not missing, f"DuckDB does not read {show(next(iter(missing), None))}")


def check_manifests(archive, wanted, check, columns):
    """The counts of the manifests, over all volumes, against the rows."""
    first = archive.manifests[0]
    for name, value in [("dataset", "messages"), ("version", 1), ("from", check["from"]), ("to", check["to"]), ("columns", columns)]:
        need(first[name] == value, f"manifest: {name} is {first[name]!r}, expected {value!r}")
    need(first["time_zone"] == (check.get("time_zone") or "UTC"), f"manifest: time_zone is {first['time_zone']!r}")
    total = lambda name: sum(manifest[name] for manifest in archive.manifests)
    if len(archive.manifests) == 1:
        for name, value in [("exact_repeats", wanted.exact_repeats), ("refused_by_filter", wanted.refused_by_filter)]:
            need(first[name] == value, f"manifest: {name} is {first[name]}, expected {value}")
    need(total("rows") == len(wanted.rows), f"manifest: {total('rows')} rows, expected {len(wanted.rows)}")
    check_days([item for manifest in archive.manifests for item in manifest["days"]], wanted, check)
    files = [file for manifest in archive.manifests for file in manifest["files"]]
    need(sum(file["rows"] for file in files) == len(wanted.rows), "manifest: rows of files do not add up")
    for file in files:
        text = archive.texts.get(file["name"])
        need(text is None or check.get("profile") == "spreadsheet" or file["bytes"] == len(text.encode()), f"manifest: bytes of {file['name']}")


def check_days(items, wanted, check):
    """Every day of the range once and in order, empty ones in runs; a day cut by a volume's end stands in both."""
    per_day, listed, last = collections.Counter(day for day, _ in wanted.rows), collections.Counter(), None
    for item in items:
        first = item.get("day") or item["from"]
        follows = first in (last, next_day(last)) if last else first == check["from"]
        need(follows, f"manifest: day {first} comes after {last}")
        need("day" in item or item["rows"] == 0, f"manifest: a run of empty days has rows: {item}")
        listed[first] += item["rows"]
        last = item.get("day") or item["to"]
    need(last == check["to"], f"manifest: the last day is {last}")
    need(+listed == per_day, f"manifest: rows per day differ: {dict((+listed - per_day) or (per_day - listed))}")


def next_day(day):
    date = datetime.date.fromisoformat(day)
    return (date + datetime.timedelta(days=1)).isoformat() if date < datetime.date.max else None


if __name__ == "__main__":
    sys.exit(main())

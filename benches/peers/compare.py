"""What stands in a CSV, whatever its quotes, line ends and way to write times: rows, and a hash with and without their order.

    compare.py FILE     (.csv, .csv.gz, or a .zip with one CSV per day)

Null and the empty string count as the same here, as not every writer tells them apart.
"""

import csv
import gzip
import io
import json
import re
import sys
import zipfile

TIMES = (4, 5)
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(?:Z|\+00(?::?00)?)?", re.ASCII)
PRIME = (1 << 61) - 1


def instant(text):
    """A time in UTC with six decimals."""
    if not text:
        return ""
    day, clock, decimals = TIME.fullmatch(text).groups()
    return f"{day} {clock}.{(decimals or '').ljust(6, '0')}"


def tables(path):
    """Each CSV of a file, as text."""
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".csv"):
                    yield io.TextIOWrapper(archive.open(name), encoding="utf-8", newline="")
    elif path.endswith(".gz"):
        yield gzip.open(path, "rt", encoding="utf-8", newline="")
    else:
        yield open(path, encoding="utf-8", newline="")


def main():
    csv.field_size_limit(1 << 30)
    rows, unordered, ordered, header = 0, 0, 0, None
    for table in tables(sys.argv[1]):
        with table:
            reader = csv.reader(table, strict=True)
            names = next(reader)
            if header not in (None, names):
                raise SystemExit(f"another header: {names}")
            header = names
            for row in reader:
                for place in TIMES:
                    row[place] = instant(row[place])
                value = hash(tuple(row))
                rows += 1
                unordered = (unordered + value) % PRIME
                ordered = (ordered * 1_000_003 + value) % PRIME
    print(json.dumps({"header": header, "rows": rows, "content": f"{unordered:x}", "order": f"{ordered:x}"}))


main()

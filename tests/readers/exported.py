"""What stands in an exported file, by three readers: a strict tokenizer of RFC 4180, Python's csv, and DuckDB."""

import csv
import gzip
import io
import json
import os
import re
import tempfile
import zipfile

csv.field_size_limit(1 << 30)
PLAIN = re.compile(r'[^",\r\n]*')
ENTRY = re.compile(r"messages/(\d{4}-\d\d-\d\d)(?:\.(\d{4}))?\.csv", re.ASCII)
NEEDS_QUOTES = re.compile(r'[",\r\n]')


class Difference(Exception):
    """The first thing that is not as it must be."""


def need(condition, what):
    if not condition:
        raise Difference(what)


def tokens(text, where):
    """Rows of cells; None for an empty field, "" for `""`. Anything that RFC 4180 or the contract does not allow raises."""
    rows, row, at, end = [], [], 0, len(text)
    while at < end:
        if text[at] == '"':
            value, at = quoted_cell(text, at, where)
        else:
            value = PLAIN.match(text, at).group()
            at += len(value)
            value = value or None
        row.append(value)
        if text.startswith(",", at):
            at += 1
            # A comma at the very end of the file has a last, empty cell but no line end.
            need(at < end, f"{where}: ends inside a row")
        else:
            if not text.startswith("\r\n", at):
                raise Difference(f"{where}: character {at}: neither a comma nor CRLF after a cell")
            at += 2
            rows.append(row)
            row = []
    need(not row, f"{where}: the last row has no line end")
    return rows


def quoted_cell(text, at, where):
    start = at + 1
    pieces = []
    while True:
        close = text.find('"', start)
        if close < 0:
            raise Difference(f"{where}: a quote that begins at character {at} never ends")
        pieces.append(text[start:close])
        if not text.startswith('"', close + 1):
            break
        pieces.append('"')
        start = close + 2
    value = "".join(pieces)
    if value and not NEEDS_QUOTES.search(value):
        raise Difference(f"{where}: character {at}: quotes around {value[:40]!r} are not needed")
    return value, close + 1


def csv_module(text):
    """The same by Python's csv, which cannot tell null from the empty string."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def duckdb_rows(files, columns):
    """The same by DuckDB, nulls kept apart; the files are read one after the other."""
    import duckdb

    # Its buffers are made per file, so they are no larger than the longest row can need.
    line_bytes = max(1 << 21, *(os.path.getsize(file) for file in files))
    # `new_line` is left to DuckDB: 2.0.0 reads no rows at all where it is given together with `parallel = false`.
    types = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in columns) + "}"
    query = f"""
        SELECT * FROM read_csv({list(files)}, header = true, auto_detect = false, columns = {types}, delim = ',', quote = '"',
                               escape = '"', nullstr = '', allow_quoted_nulls = false, parallel = false,
                               max_line_size = {min(line_bytes, 1 << 24)}, buffer_size = {2 * min(line_bytes, 1 << 24)})
    """
    return duckdb.connect(config={"threads": "2"}).execute(query).fetchall()


class Archive:
    """An exported archive in one or more volumes: CSV texts by name, and the manifests."""

    def __init__(self, paths):
        self.texts, self.manifests = {}, []
        for path in paths:
            read_zip(self, path) if path.endswith(".zip") else read_csv_file(self, path)
        need(len(set(self.texts)) == len(self.texts), "a name occurs twice")

    def duckdb(self, columns):
        """All rows by DuckDB, through files of the same bytes."""
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, text in enumerate(self.texts.values()):
                files.append(os.path.join(folder, f"{number:06}.csv"))
                with open(files[-1], "w", encoding="utf-8", newline="") as file:
                    file.write(text)
            return duckdb_rows(files, columns) if files else []


def read_zip(archive, path):
    with zipfile.ZipFile(path) as file:
        entries = file.infolist()
        need(entries and entries[-1].filename == "manifest.json", f"{path}: the last entry is not manifest.json")
        names = [entry.filename for entry in entries[:-1]]
        need(names == sorted(set(names)), f"{path}: names of entries are not in order")
        for entry in entries:
            where = f"{path}: {entry.filename}"
            need(entry.date_time == (1980, 1, 1, 0, 0, 0), f"{where}: time {entry.date_time}")
            need(entry.external_attr >> 16 & 0o777 == 0o644, f"{where}: mode {entry.external_attr >> 16:o}")
            need(entry.compress_type == zipfile.ZIP_DEFLATED, f"{where}: method {entry.compress_type}")
            data = file.read(entry)
            if entry.filename == "manifest.json":
                archive.manifests.append(json.loads(data))
                continue
            need(ENTRY.fullmatch(entry.filename), f"{where}: not a name of the contract")
            archive.texts[entry.filename] = data.decode("utf-8")


def read_csv_file(archive, path):
    with gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb") as file:
        archive.texts[path] = file.read().decode("utf-8")
    with open(f"{path}.manifest.json", "rb") as file:
        archive.manifests.append(json.load(file))


def day_of(name):
    """The day that an entry is named after, or None for a CSV that holds all days."""
    match = ENTRY.fullmatch(name)
    return match and match[1]

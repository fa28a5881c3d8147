"""Shows that the readers find what they are there to find: `python selftest.py` (unittest, no arguments needed)."""

import json
import os
import tempfile
import unittest
import zipfile

import compare
import exported
import iceberg_scan
import messages
from exported import Difference

LINES = [
    {"message_id": "b", "sent_at": "2024-03-30T23:30:00Z", "text": "berlin calls this the 31st", "attributes": None},
    {"message_id": "a", "sent_at": "2024-03-31T01:00:00.5Z", "text": 'x,"y"\r\n', "channel": "", "attributes": {"n": 1}},
    {"message_id": "a", "sent_at": "2024-03-31T01:00:00.5Z", "text": 'x,"y"\r\n', "channel": "", "attributes": {"n": 1}},
    {"message_id": "a", "sent_at": "2024-03-31T03:00:00.5+02:00", "text": "", "channel": None, "sender": "=1", "kind": "join"},
    {"message_id": "c", "sent_at": "2024-04-01T00:00:00Z", "text": "\u2028\u0000\ufeff\r", "edited_at": "2025-01-01T00:00:00Z"},
]
CHECK = {"from": "2024-03-31", "to": "2024-04-01", "time_zone": "Europe/Berlin"}
HEADER = ",".join(messages.COLUMNS) + "\r\n"
DAY_31 = (
    "b,,,,2024-03-30T23:30:00.000000Z,,message,berlin calls this the 31st,\r\n"
    'a,,,=1,2024-03-31T01:00:00.500000Z,,join,"",\r\n'
    'a,"",,,2024-03-31T01:00:00.500000Z,,message,"x,""y""\r\n","{""n"":1}"\r\n'
)
DAY_1 = 'c,,,,2024-04-01T00:00:00.000000Z,2025-01-01T00:00:00.000000Z,message,"\u2028\u0000\ufeff\r",\r\n'


class Compare(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "in.ndjson")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("".join(json.dumps(line) + "\n" for line in LINES))

    def look(self, days, change_manifest=lambda manifest: None, change_check=lambda check: None):
        """Compares an archive of these entries, with a manifest that fits the right ones."""
        archive = os.path.join(self.folder.name, "out.zip")
        manifest = {
            "version": 1, "dataset": "messages", "from": CHECK["from"], "to": CHECK["to"], "time_zone": CHECK["time_zone"],
            "columns": list(messages.COLUMNS), "rows": 4, "exact_repeats": 1, "refused_by_filter": 0,
            "days": [{"day": "2024-03-31", "rows": 3}, {"day": "2024-04-01", "rows": 1}],
            "files": [{"name": f"messages/{day}.csv", "rows": len(exported.tokens(text, day)) - 1, "bytes": len(text.encode())}
                      for day, text in (("2024-03-31", HEADER + DAY_31), ("2024-04-01", HEADER + DAY_1))],
        }
        change_manifest(manifest)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in [*((f"messages/{day}.csv", text) for day, text in days.items()), ("manifest.json", json.dumps(manifest))]:
                entry = zipfile.ZipInfo(name)
                entry.external_attr = 0o100644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, text.encode())
        known, refused = messages.read([self.path], "o")
        self.assertEqual(refused, [])
        known.sort(key=messages.Message.order)
        check = CHECK | {"archives": [archive]}
        change_check(check)
        return compare.compare(known, check)

    def test_the_right_archive_passes(self):
        found = self.look({"2024-03-31": HEADER + DAY_31, "2024-04-01": HEADER + DAY_1})
        self.assertEqual((found["rows"], found["exact_repeats"], found["entries"]), (4, 1, 2))

    def test_every_other_archive_fails(self):
        rows = DAY_31.splitlines(keepends=True)
        wrong_days = [
            HEADER + "".join(rows[1:]),
            HEADER + DAY_31 + DAY_31,
            HEADER + rows[1] + rows[0] + "".join(rows[2:]),
            DAY_31,
            HEADER + DAY_31 + DAY_1,
            HEADER + DAY_31.replace('"",', ",", 1),
            HEADER + DAY_31.replace('a,"",', "a,,"),
            HEADER + DAY_31.replace("berlin", '"berlin').replace("31st,", '31st",'),
            HEADER + DAY_31.replace(".500000", ".5"),
            HEADER + DAY_31.replace("=1", "'=1"),
            HEADER + DAY_31[:-2],
            HEADER + DAY_31[:-1],
            HEADER + DAY_31.replace('{""n"":1}', '{""n"": 1}'),
            HEADER + DAY_31.replace("join", "message"),
        ]
        for day in wrong_days:
            with self.subTest(day), self.assertRaises(Difference):
                self.look({"2024-03-31": day, "2024-04-01": HEADER + DAY_1})
        for days in [{"2024-03-31": HEADER + DAY_31}, {"2024-03-30": HEADER + DAY_31, "2024-04-01": HEADER + DAY_1}]:
            with self.subTest(days), self.assertRaises(Difference):
                self.look(days)

    def test_manifests_and_requests_that_do_not_fit_fail(self):
        right = {"2024-03-31": HEADER + DAY_31, "2024-04-01": HEADER + DAY_1}
        for name, value in [("rows", 5), ("exact_repeats", 0), ("refused_by_filter", 1), ("days", []), ("time_zone", "UTC"), ("files", [])]:
            with self.subTest(name), self.assertRaises(Difference):
                self.look(right, change_manifest=lambda manifest: manifest.update({name: value}))
        for change in [{"time_zone": "UTC"}, {"channels": [""]}, {"to": "2024-03-31"}, {"columns": ["text"]}, {"profile": "spreadsheet"}]:
            with self.subTest(change), self.assertRaises(Difference):
                self.look(right, change_check=lambda check: check.update(change))

    def test_duckdb_looks_for_itself(self):
        archive = exported.Archive([])
        archive.texts = {"x.csv": HEADER + DAY_31}
        rows = [tuple(row) for row in exported.tokens(DAY_31, "x")]
        compare.check_duckdb(archive, list(messages.COLUMNS), rows)
        for wrong in [rows[1:], rows + rows[:1], [rows[0], rows[1], rows[2][:1] + (None,) + rows[2][2:]]]:
            with self.assertRaises(Difference):
                compare.check_duckdb(archive, list(messages.COLUMNS), wrong)


class Contract(unittest.TestCase):
    def test_lines_that_are_refused(self):
        right = {"message_id": "a", "sent_at": "2024-01-01T00:00:00Z", "text": "x"}
        messages.parse_line(json.dumps(right | {"org": "o", "kind": None}).encode(), "o")
        for field, value in [
            ("message_id", ""), ("message_id", "é" * 129), ("message_id", 1), ("message_id", None), ("text", None), ("text", "x" * ((4 << 20) + 1)),
            ("channel", "x" * 1025), ("sender", []), ("thread", 1.5), ("org", "p"), ("extra", None), ("attributes", []), ("attributes", {"a": "x" * 65536}),
            ("sent_at", "2024-01-01T00:00:60Z"), ("sent_at", "2024-01-01T00:00:00.1234567Z"), ("sent_at", "2024-01-01T00:00:00"),
            ("sent_at", "2023-02-29T00:00:00Z"), ("edited_at", "9999-12-31T23:59:59-00:01"), ("sent_at", "0001-01-01T00:00:00+00:01"), ("text", "\ud800"),
        ]:
            with self.subTest(field=field, value=value), self.assertRaises(messages.Refused) as refused:
                messages.parse_line(json.dumps(right | {field: value}).encode(), "o")
            self.assertEqual(refused.exception.field, field)
        for line in [b"{", b"[]", b'{"message_id":"\xff"}', b'{"attributes":{"a":NaN}}', b'{"attributes":{"a":1,"a":1}}']:
            with self.subTest(line), self.assertRaises(messages.Refused):
                messages.parse_line(line, "o")

    def test_attributes_keep_order_and_numbers(self):
        line = rb'{"message_id":"a","sent_at":"0000-12-31T23:59:59-01:00","text":"","attributes":{ "z" : 1.50, "a":[-0.0,1E+2,12345678901234567890, true,null,{}],"\u00e9\/":"\u0001\n\u2028"}}'
        found = messages.parse_line(line, "o")
        self.assertEqual(found.values[8], '{"z":1.50,"a":[-0.0,1E+2,12345678901234567890,true,null,{}],"é/":"\\u0001\\n\u2028"}')
        self.assertEqual(found.values[4], "0001-01-01T00:59:59.000000Z")

    def test_days_of_zones(self):
        at = messages.parse_time("x", "2011-12-30T09:59:59Z")
        self.assertEqual([messages.Zone("Pacific/Apia").day(at + step) for step in (0, messages.SECOND)], ["2011-12-29", "2011-12-31"])
        self.assertIsNone(messages.Zone("Asia/Kolkata").day(messages.LAST))

    def test_lines_end_with_lf_only(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.ndjson")
            with open(path, "wb") as file:
                file.write("a\r\u2028b\x85\nc".encode())
            self.assertEqual([number for number, _ in messages.lines_of(path)], [1, 2])


class Iceberg(unittest.TestCase):
    def test_a_table_of_another_writer_is_read(self):
        import pyarrow
        from pyiceberg.catalog.sql import SqlCatalog

        with tempfile.TemporaryDirectory() as folder:
            catalog = SqlCatalog("outhaul", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/lake")
            catalog.create_namespace("outhaul")
            text, stamp = pyarrow.string(), pyarrow.timestamp("us", tz="UTC")
            schema = pyarrow.schema([("organisation", text), *((name, stamp if name.endswith("_at") else text) for name in messages.COLUMNS)])
            table = catalog.create_table("outhaul.messages", schema)
            path = os.path.join(folder, "in.ndjson")
            with open(path, "w", encoding="utf-8") as file:
                file.write("".join(json.dumps(line) + "\n" for line in LINES))
            known, _ = messages.read([path], "o")
            for message in reversed(known):
                row = dict(zip(messages.COLUMNS, message.values)) | {"organisation": "o"}
                for name in ("sent_at", "edited_at"):
                    row[name] = row[name] and messages.parse_time(name, row[name])
                table.append(pyarrow.Table.from_pylist([row, row | {"organisation": "p"}], schema=schema))
            found = iceberg_scan.scan(iceberg_scan.sqlite(folder, {}).load_table("outhaul.messages"), "o")
            self.assertEqual({key: found[key] for key in ("rows", "hash")}, iceberg_scan.of_originals([path], "o"))
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(LINES[0]) + "\n")
            self.assertNotEqual(found["hash"], iceberg_scan.of_originals([path], "o")["hash"])


if __name__ == "__main__":
    unittest.main()

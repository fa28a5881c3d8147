"""Reads the lake as any Iceberg engine would, through pyiceberg and the SQLite catalog, and hashes what is there.

    iceberg_scan.py --data DIR --org SLUG [--s3-endpoint URL] [--original a.ndjson.zst]...

Prints `{"rows": n, "hash": hex, "snapshot": id}` and, with originals, the same of them under `original`; exit code 1 where
the two differ. The hash is the sum of the SHA-256 of all rows modulo 2^256: it knows every row and how often it is there, but
no order.

With an endpoint the catalog in DIR points into a bucket there; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION say who asks.
"""

import argparse
import hashlib
import json
import os
import sys

import messages


class Sum:
    """Adds up rows."""

    def __init__(self):
        self.rows, self.value = 0, 0

    def add(self, values):
        digest = hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).digest()
        self.value = (self.value + int.from_bytes(digest, "big")) % (1 << 256)
        self.rows += 1

    def result(self):
        return {"rows": self.rows, "hash": f"{self.value:064x}"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--org", required=True)
    parser.add_argument("--s3-endpoint")
    parser.add_argument("--original", action="append", default=[])
    arguments = parser.parse_args()
    result = scan(os.path.abspath(arguments.data), arguments.org, arguments.s3_endpoint)
    if arguments.original:
        result["original"] = of_originals(arguments.original, arguments.org)
    print(json.dumps(result))
    return int(bool(arguments.original) and any(result[key] != result["original"][key] for key in ("rows", "hash")))


def of_originals(paths, org):
    known, _ = messages.read(paths, org)
    total = Sum()
    for message in known:
        total.add(message.values)
    return total.result()


def scan(data, org, s3_endpoint=None):
    import pyarrow
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.expressions import EqualTo

    access = {}
    if s3_endpoint:
        access = {
            "s3.endpoint": s3_endpoint,
            "s3.access-key-id": os.environ["AWS_ACCESS_KEY_ID"],
            "s3.secret-access-key": os.environ["AWS_SECRET_ACCESS_KEY"],
            "s3.region": os.environ["AWS_REGION"],
        }
    catalog = SqlCatalog("outhaul", uri=f"sqlite:///{data}/catalog.db", warehouse=f"file://{data}/lake", **access)
    table = catalog.load_table("outhaul.messages")
    total = Sum()
    for batch in table.scan(row_filter=EqualTo("organisation", org)).to_arrow_batch_reader():
        columns = []
        for name in messages.COLUMNS:
            column = batch.column(batch.schema.get_field_index(name))
            if pyarrow.types.is_timestamp(column.type):
                column = [None if at is None else messages.format_time(at) for at in column.cast(pyarrow.int64()).to_pylist()]
            else:
                column = column.to_pylist()
            columns.append(column)
        for values in zip(*columns):
            total.add(values)
    snapshot = table.current_snapshot()
    return total.result() | {"snapshot": str(snapshot.snapshot_id) if snapshot else None}


if __name__ == "__main__":
    sys.exit(main())

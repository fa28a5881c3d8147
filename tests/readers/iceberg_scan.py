"""Reads the lake as any Iceberg engine would, through pyiceberg and the SQLite or a REST catalog, and hashes what is there.

    iceberg_scan.py --data DIR --org SLUG [--s3-endpoint URL] [--original a.ndjson.zst]...
    iceberg_scan.py --rest URI --warehouse NAME --org SLUG [--s3-endpoint URL] [--original a.ndjson.zst]...

Prints `{"rows": n, "hash": hex, "snapshot": id}` and, with originals, the same of them under `original`; exit code 1 where
the two differ. The hash is the sum of the SHA-256 of all rows modulo 2^256: it knows every row and how often it is there, but
no order.

OUTHAUL_TEST_CREDENTIAL is `id:secret` for a REST catalog. With an endpoint the catalog points into a bucket there; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION say who asks.
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
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--data")
    place.add_argument("--rest")
    parser.add_argument("--warehouse")
    parser.add_argument("--org", required=True)
    parser.add_argument("--s3-endpoint")
    parser.add_argument("--original", action="append", default=[])
    arguments = parser.parse_args()
    access = access_to(arguments.s3_endpoint)
    if arguments.rest:
        catalog = rest(arguments.rest, arguments.warehouse, access)
    else:
        catalog = sqlite(os.path.abspath(arguments.data), access)
    result = scan(catalog.load_table("outhaul.messages"), arguments.org)
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


def access_to(s3_endpoint):
    if not s3_endpoint:
        return {}
    return {
        "s3.endpoint": s3_endpoint,
        "s3.access-key-id": os.environ["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "s3.region": os.environ["AWS_REGION"],
    }


def sqlite(data, access):
    from pyiceberg.catalog.sql import SqlCatalog

    return SqlCatalog("outhaul", uri=f"sqlite:///{data}/catalog.db", warehouse=f"file://{data}/lake", **access)


def rest(uri, warehouse, access):
    from pyiceberg.catalog.rest import RestCatalog

    credential = os.environ["OUTHAUL_TEST_CREDENTIAL"]
    return RestCatalog("outhaul", uri=uri, warehouse=warehouse, credential=credential, **access)


def scan(table, org):
    import pyarrow
    from pyiceberg.expressions import EqualTo

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

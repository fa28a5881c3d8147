"""Finds the files of one organisation and range as any Iceberg engine would, and writes the request that the peers get.

    files.py --data DIR --org SLUG --from DATE --to DATE --output request.json
"""

import argparse
import datetime
import json
import os

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, LessThan

COLUMNS = ["message_id", "channel", "thread", "sender", "sent_at", "edited_at", "kind", "text", "attributes"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--org", required=True)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=datetime.date.fromisoformat, required=True)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    first = f"{arguments.first}T00:00:00+00:00"
    end = f"{arguments.last + datetime.timedelta(days=1)}T00:00:00+00:00"
    data = os.path.abspath(arguments.data)
    catalog = SqlCatalog("outhaul", uri=f"sqlite:///{data}/catalog.db", warehouse=f"file://{data}/lake")
    wanted = And(EqualTo("organisation", arguments.org), GreaterThanOrEqual("sent_at", first), LessThan("sent_at", end))
    tasks = list(catalog.load_table("outhaul.messages").scan(row_filter=wanted).plan_files())
    if any(task.delete_files for task in tasks):
        raise SystemExit("the lake has deletes, which the peers would not see")
    # The files of a day follow each other in the order of the days, which is the order of the rows.
    tasks.sort(key=lambda task: (task.file.partition[1], task.file.file_path))
    request = {
        "files": [task.file.file_path.removeprefix("file://") for task in tasks],
        "bytes": sum(task.file.file_size_in_bytes for task in tasks),
        "rows": sum(task.file.record_count for task in tasks),
        "organisation": arguments.org,
        "columns": COLUMNS,
        "first": first,
        "end": end,
    }
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump(request, file, indent=1)


main()

"""What every peer is asked: a JSON file with files, organisation, columns, first and end instant; `--gzip` and where to."""

import argparse
import json
import types


def main(copy):
    parser = argparse.ArgumentParser(description="Selects one organisation and range from Parquet files and writes CSV.")
    parser.add_argument("--request", required=True, help="JSON: files, organisation, columns, first, end (exclusive)")
    parser.add_argument("--gzip", action="store_true", help="gzip at the peer's default level")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    with open(arguments.request, encoding="utf-8") as file:
        request = types.SimpleNamespace(**json.load(file), gzip=arguments.gzip, output=arguments.output)
    copy(request)

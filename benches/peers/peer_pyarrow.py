"""pyarrow: a dataset's scanner, with its default threads, into its CSV writer and its own text for times."""

import datetime

import peer
import pyarrow
import pyarrow.csv
import pyarrow.dataset


def copy(request):
    first, end = (pyarrow.scalar(datetime.datetime.fromisoformat(text)) for text in (request.first, request.end))
    field = pyarrow.dataset.field
    wanted = (field("organisation") == request.organisation) & (field("sent_at") >= first) & (field("sent_at") < end)
    dataset = pyarrow.dataset.dataset(request.files, format="parquet")
    scanner = dataset.scanner(columns=request.columns, filter=wanted)
    with open_output(request) as output, pyarrow.csv.CSVWriter(output, scanner.projected_schema) as writer:
        for batch in scanner.to_batches():
            writer.write_batch(batch)


def open_output(request):
    if request.gzip:
        return pyarrow.CompressedOutputStream(request.output, "gzip")
    return pyarrow.OSFile(request.output, "wb")


peer.main(copy)

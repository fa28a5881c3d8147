"""Polars: a lazy scan into its streaming CSV sink, with its default threads and its own text for times."""

import datetime

import peer
import polars


def copy(request):
    first, end = (datetime.datetime.fromisoformat(text) for text in (request.first, request.end))
    rows = polars.scan_parquet(request.files, hive_partitioning=False).filter(
        polars.col("organisation") == request.organisation, polars.col("sent_at") >= first, polars.col("sent_at") < end
    )
    compression = {"compression": "gzip"} if request.gzip else {}
    rows.select(request.columns).sink_csv(request.output, **compression)


peer.main(copy)

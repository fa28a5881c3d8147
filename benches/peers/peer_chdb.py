"""chDB (ClickHouse inside Python): one SELECT INTO OUTFILE, with its default threads and its own text for times."""

import chdb
import peer


def copy(request):
    times = " AND ".join(
        f"sent_at {sign} toDateTime64('{text[:19]}', 6, 'UTC')" for sign, text in ((">=", request.first), ("<", request.end))
    )
    compression = "COMPRESSION 'gzip'" if request.gzip else ""
    chdb.query(
        f"""
        SELECT {", ".join(request.columns)}
        FROM file({request.files}, 'Parquet')
        WHERE organisation = '{request.organisation}' AND {times}
        INTO OUTFILE '{request.output}' {compression}
        FORMAT CSVWithNames
        SETTINGS format_csv_null_representation = '', use_hive_partitioning = 0
        """
    )


peer.main(copy)

"""DuckDB: one COPY, with its default threads and its own text for times."""

import duckdb
import peer


def copy(request):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    options = "FORMAT csv, HEADER" + (", COMPRESSION gzip" if request.gzip else "")
    connection.execute(
        f"""
        COPY (
            SELECT {", ".join(request.columns)}
            FROM read_parquet({request.files}, hive_partitioning = false)
            WHERE organisation = '{request.organisation}'
              AND sent_at >= TIMESTAMPTZ '{request.first}' AND sent_at < TIMESTAMPTZ '{request.end}'
        ) TO '{request.output}' ({options})
        """
    )


peer.main(copy)

# Short names for what is run most; `just` lists them. The first two are the README's.

_list:
    @just --list

# Generate, ingest, export and verify, and show the result
demo *arguments:
    cargo run -- demo {{arguments}}

# Everything the tests need, then all tests and the gates of deploy/
test:
    cargo xtask test

# The same with bigger seeded runs, and the release built twice, compared and tried in chart and image
deep:
    cargo xtask test --deep

# Redis, PostgreSQL, an S3 server and one that takes letters, for a server of your own, until Ctrl-C
services:
    cargo xtask services

# Everything under deploy/ through its gates; with --program FILE that program, too
deploy-check *arguments:
    cargo xtask deploy-check {{arguments}}

# A fleet of 1,000 workers in simulated time
simulate *arguments:
    cargo xtask simulate {{arguments}}

# The house's habits as checks
tidy:
    cargo xtask tidy

# Instructions for making 10,000 rows, then also for CSV and hashes, then for ZIP ("Collected"); needs valgrind
instructions:
    for wrap in none raw zip; do \
        CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="valgrind --tool=callgrind --callgrind-out-file=/dev/null" \
        cargo bench -p encoder --bench instructions -- $wrap 2>&1 | grep -E 'Collected|bytes'; \
    done

# Format everything
fmt:
    cargo fmt --all

# What a change must pass
ci:
    .ci/run

# Outhaul beside DuckDB, Polars, chDB, pyarrow and the usual stack; resumable, see benches/peers/README.md
peers *arguments:
    python3 benches/peers/run.py {{arguments}}

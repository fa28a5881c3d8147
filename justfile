# Short names for what is run most; `just` lists them. The first two are the README's.

_list:
    @just --list

# Generate, ingest, export and verify, and show the result
demo *arguments:
    cargo run -- demo {{arguments}}

# Everything the tests need, then all tests
test:
    cargo xtask test

# The same with bigger seeded runs
deep:
    cargo xtask test --deep

# The house's habits as checks
tidy:
    cargo xtask tidy

# Format everything
fmt:
    cargo fmt --all

# What a change must pass
ci:
    .ci/run

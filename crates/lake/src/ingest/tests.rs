//! Lines against the contract, inputs against the rows and refusals that must come of them.

mod inputs;
mod lines;
mod parquet;
mod staged;

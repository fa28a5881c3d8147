//! The service in process, over twins in memory: one file per subject.

mod forge;
mod keys;
mod login;
mod members;
mod operations;
mod problems;
mod ready;
mod refresh;
mod server;
mod snapshot;
mod support;
mod tokens;

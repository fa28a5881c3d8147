//! Letters as mail servers and readers of mail that are not ours see them.

mod faults;
mod files;
mod server;
mod support;

//! The engines as tests use them, each with the real server.

mod dying;
mod dynamodb;
mod faults;
mod postgres;
mod proxy;
mod redis;
mod s3;

use std::time::Duration;

/// Waits for a condition; panics after half a minute.
#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..3_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("never: {what}");
}

//! Lets a test end the process at a durable step, in builds with the feature `failpoints`.

use crate::exit::Failure;

/// `OUTHAUL_KILL_AT=NAME:N` ends the process by SIGKILL when it reaches failpoint NAME for the Nth time.
///
/// # Errors
/// An order that can never be reached is a usage error.
#[cfg(feature = "failpoints")]
pub fn arm() -> Result<(), Failure> {
    use std::sync::atomic::{AtomicU32, Ordering};

    let Ok(order) = std::env::var("OUTHAUL_KILL_AT") else { return Ok(()) };
    let parts = order.rsplit_once(':').and_then(|(name, count)| Some((name, count.parse::<u32>().ok()?)));
    let Some((name, count)) = parts.filter(|(_, count)| *count > 0) else {
        return Err(Failure::usage("OUTHAUL_KILL_AT has the form NAME:N, N at least 1"));
    };
    let known =
        [worker::FAILPOINTS, lake::FAILPOINTS, stores_sqlite::FAILPOINTS, artifacts::FAILPOINTS, postgres::FAILPOINTS];
    if !known.iter().chain(&crate::wiring::AWS_FAILPOINTS).any(|of_crate| of_crate.contains(&name)) {
        return Err(Failure::usage(format!("OUTHAUL_KILL_AT: there is no failpoint {name}")));
    }
    let reached = AtomicU32::new(0);
    let kill = move || {
        if reached.fetch_add(1, Ordering::Relaxed) + 1 == count {
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::KILL).expect("a process may kill itself");
        }
    };
    fail::cfg_callback(name, kill).map_err(Failure::usage)
}

/// Nothing to arm in a build without failpoints.
#[cfg(not(feature = "failpoints"))]
pub fn arm() -> Result<(), Failure> {
    Ok(())
}

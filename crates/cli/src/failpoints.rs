//! Lets a test end the process at a durable step, in builds with the feature `failpoints`.

/// `OUTHAUL_KILL_AT=NAME:N` ends the process by SIGKILL when it reaches failpoint NAME for the Nth time.
#[cfg(feature = "failpoints")]
pub fn arm() {
    use std::sync::atomic::{AtomicU32, Ordering};

    let Ok(order) = std::env::var("OUTHAUL_KILL_AT") else { return };
    let (name, count) = order.rsplit_once(':').expect("OUTHAUL_KILL_AT has the form NAME:N");
    let count: u32 = count.parse().expect("OUTHAUL_KILL_AT ends with a number");
    let reached = AtomicU32::new(0);
    let kill = move || {
        if reached.fetch_add(1, Ordering::Relaxed) + 1 == count {
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::KILL).expect("a process may kill itself");
        }
    };
    fail::cfg_callback(name, kill).expect("failpoints are compiled in");
}

/// Nothing to arm in a build without failpoints.
#[cfg(not(feature = "failpoints"))]
pub fn arm() {}

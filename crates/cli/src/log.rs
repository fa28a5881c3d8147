//! The log: on stderr, for people or as one object a line.

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

use crate::args::Global;
use crate::config::{LogFormat, Logs};
use crate::telemetry::Telemetry;

/// Starts the log of a command that ends by itself: errors, more with `-v`.
pub fn start(global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) | (false, 0) => "error",
        (false, more) => by_count(more),
    };
    let format = if global.json { LogFormat::Json } else { LogFormat::Text };
    subscribe(level, format, false, &Telemetry::default());
}

/// Starts the log of a process that stays, and lets its spans go where `telemetry` leads.
pub fn start_service(global: &Global, logs: &Logs, telemetry: &Telemetry) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => logs.level.name(),
        (false, more) => by_count(more),
    };
    subscribe(level, logs.format, true, telemetry);
    tell_only_where_it_panicked();
}

/// What a panic says may hold data, so it is not repeated.
fn tell_only_where_it_panicked() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a thread panicked");
    }));
}

const fn by_count(more: u8) -> &'static str {
    match more {
        0 | 1 => "info",
        2 => "debug",
        _ => "trace",
    }
}

fn subscribe(level: &str, format: LogFormat, timed: bool, telemetry: &Telemetry) {
    // Service managers set what they know of, be it to nothing.
    let told = std::env::var("OUTHAUL_LOG").ok().filter(|directives| !directives.trim().is_empty());
    let directives = told.unwrap_or_else(|| level.to_owned());
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::ERROR.into()).parse_lossy(directives);
    let (spans, log) = (registry().with(telemetry.layer()), fmt::layer().with_writer(std::io::stderr));
    // Only the first call of a process starts the log.
    let _ = match (format, timed) {
        (LogFormat::Json, _) => spans.with(log.json().with_filter(filter)).try_init(),
        (LogFormat::Text, true) => spans.with(log.with_filter(filter)).try_init(),
        (LogFormat::Text, false) => spans.with(log.without_time().with_filter(filter)).try_init(),
    };
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::sync::Mutex;

    #[test]
    fn a_panic_repeats_no_data() {
        let mut file = tempfile::tempfile().unwrap();
        let log = tracing_subscriber::fmt().with_writer(Mutex::new(file.try_clone().unwrap())).finish();
        let usual = std::panic::take_hook();
        super::tell_only_where_it_panicked();
        let ended = tracing::subscriber::with_default(log, || std::panic::catch_unwind(|| panic!("a secret")));
        std::panic::set_hook(usual);
        assert!(ended.is_err());
        let mut written = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut written).unwrap();
        assert!(written.contains("a thread panicked") && written.contains("log.rs"), "{written}");
        assert!(!written.contains("secret"), "{written}");
    }
}

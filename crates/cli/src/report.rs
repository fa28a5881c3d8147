//! What the user sees: data on stdout, all else on stderr.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::args::Global;
use crate::exit::Failure;

/// How to talk to the user.
#[derive(Debug)]
pub struct Report {
    json: bool,
    quiet: bool,
    bars: MultiProgress,
    /// Whether a result could not be written.
    lost: AtomicBool,
}

impl Report {
    /// By the flags of the command line; also starts the log.
    pub fn new(global: &Global) -> Self {
        let level = match (global.quiet, global.verbose) {
            (true, _) => "error",
            (false, 0) => "error",
            (false, 1) => "info",
            (false, 2) => "debug",
            (false, _) => "trace",
        };
        let filter = tracing_subscriber::EnvFilter::builder()
            .with_default_directive(tracing_subscriber::filter::LevelFilter::ERROR.into())
            .parse_lossy(std::env::var("OUTHAUL_LOG").unwrap_or_else(|_| level.to_owned()));
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // Only the first call of a process starts the log.
        let _ = if global.json { log.json().try_init() } else { log.without_time().try_init() };
        Self { json: global.json, quiet: global.quiet, bars: MultiProgress::new(), lost: AtomicBool::new(false) }
    }

    /// The result: one JSON object, or the text that `lines` writes.
    pub fn result(&self, value: &impl Serialize, lines: impl FnOnce() -> String) {
        let text = if self.json {
            serde_json::to_string(value).expect("results are plain values")
        } else if self.quiet {
            return;
        } else {
            lines()
        };
        self.print(&text);
    }

    /// Whether a result could not be written: then the command failed, whatever it did.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// A line for humans, on stderr.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.quiet && !self.json {
            self.bars.suspend(|| eprintln!("{}", text.as_ref()));
        }
    }

    /// Why a command did not come to its end.
    pub fn failure(&self, failure: &Failure) {
        self.bars.suspend(|| eprintln!("outhaul: {:#}", failure.error));
    }

    /// A bar over `length` units, hidden where nobody looks.
    pub fn bar(&self, length: u64, template: &str) -> ProgressBar {
        if self.quiet || self.json || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template(template).expect("templates of this program are well formed");
        self.bars.add(ProgressBar::new(length).with_style(style))
    }

    fn print(&self, text: &str) {
        self.bars.suspend(|| {
            let mut stdout = std::io::stdout();
            let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
            // A reader that has gone away wants no more output.
            if written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
                self.lost.store(true, Ordering::Relaxed);
            }
        });
    }
}

/// A count with its noun: `1 row`, `2,000 rows`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in a unit people read.
pub fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().si().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(count(1, "row", "rows"), "1 row");
        assert_eq!(count(2, "row", "rows"), "2 rows");
    }
}

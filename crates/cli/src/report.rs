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
    /// Results go to nobody.
    silent: bool,
    bars: MultiProgress,
    /// Whether a result could not be written.
    lost: AtomicBool,
}

impl Report {
    /// By the flags of the command line.
    pub fn new(global: &Global) -> Self {
        Self {
            json: global.json,
            quiet: global.quiet,
            silent: false,
            bars: MultiProgress::new(),
            lost: AtomicBool::new(false),
        }
    }

    /// The same, but a result goes to nobody.
    pub fn without_results(&self) -> Self {
        let (bars, lost) = (self.bars.clone(), AtomicBool::new(false));
        Self { json: self.json, quiet: self.quiet, silent: true, bars, lost }
    }

    /// The result: one JSON object, or the text that `lines` writes.
    pub fn result(&self, value: &impl Serialize, lines: impl FnOnce() -> String) {
        if self.silent {
            return;
        }
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

    /// Data for stdout, whatever the flags.
    pub fn data(&self, text: &str) {
        self.print(text);
    }

    /// Whether one JSON object on stdout is asked for.
    pub const fn is_json(&self) -> bool {
        self.json
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

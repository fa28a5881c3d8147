//! `outhaul generate`: seeded, realistic messages as NDJSON, in flat memory.

mod attributes;
mod conversation;
mod dice;
mod line;
mod organisation;
mod schedule;
mod text;
mod words;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use domain::ids::Slug;
use domain::time::Day;
use thiserror::Error;

use self::conversation::Conversation;
use self::organisation::Organisation;
use self::schedule::Schedule;

/// What is written to the output in one call, in bytes.
const BLOCK_BYTES: usize = 256 * 1024;

/// What to generate. The same options give the same bytes, on every machine.
#[derive(Clone, Debug)]
pub struct Options {
    /// Lines over all organisations; edits and exact repeats are lines too.
    pub messages: u64,
    /// How many organisations, `org-0001` onwards; the n-th gets about 1/n of what the first gets.
    pub organisations: u32,
    /// UTC days that the messages are spread over; all of `sent_at` and `edited_at` lie in them.
    pub days: u32,
    /// The first of these days.
    pub from: Day,
    /// Where chance starts from.
    pub seed: u64,
    /// Only the lines of this organisation, byte for byte those of the whole output.
    pub only: Option<Slug>,
}

impl Default for Options {
    fn default() -> Self {
        let from = Day::from_civil(2024, 1, 1).expect("the calendar has this day");
        Self { messages: 10_000, organisations: 2, days: 31, from, seed: 1, only: None }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// Lines.
    pub messages: u64,
    /// Bytes, line ends included.
    pub bytes: u64,
}

/// Why nothing, or not all, was generated.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// The options contradict themselves or the calendar.
    #[error("{field} {reason}")]
    Usage {
        /// Which option.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The output took no more.
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
}

/// Writes all messages: one organisation after the other, each in the order in which its lines arrived, which is that
/// of `sent_at` but for edits and repeats, which come a little later than what they refer to.
///
/// # Errors
/// `Usage` before anything is written, `Output` at the first write that fails.
pub fn generate(options: &Options, output: &mut impl Write) -> Result<Generated, GenerateError> {
    check(options)?;
    let mut written = Generated::default();
    let mut block = Vec::with_capacity(2 * BLOCK_BYTES);
    for (number, messages) in (1..).zip(shares(options.messages, options.organisations)) {
        let organisation = Organisation::new(number, options.seed);
        if options.only.as_ref().is_some_and(|only| only.as_str() != organisation.slug) {
            continue;
        }
        let schedule = Schedule::new(&organisation, messages, options);
        let mut conversation = Conversation::new(&organisation, options.seed);
        for arrival in schedule {
            line::write(conversation.next(arrival), &organisation, &mut block);
            if block.len() >= BLOCK_BYTES {
                written.bytes += flush(&mut block, output)?;
            }
        }
        written.messages += messages;
    }
    written.bytes += flush(&mut block, output)?;
    output.flush()?;
    Ok(written)
}

fn flush(block: &mut Vec<u8>, output: &mut impl Write) -> io::Result<u64> {
    output.write_all(block)?;
    let length = block.len() as u64;
    block.clear();
    Ok(length)
}

fn check(options: &Options) -> Result<(), GenerateError> {
    let usage = |field, reason| Err(GenerateError::Usage { field, reason });
    let days_left = i64::from(Day::MAX.0) - i64::from(options.from.0) + 1;
    match options {
        Options { organisations: 0, .. } => usage("organisations", "must be at least 1"),
        Options { organisations: 10_000.., .. } => usage("organisations", "must be at most 9999"),
        Options { days: 0, .. } => usage("days", "must be at least 1"),
        Options { days, .. } if i64::from(*days) > days_left => usage("days", "go beyond 9999-12-31"),
        Options { only: Some(slug), organisations, .. } if !is_generated(slug, *organisations) => {
            usage("org", "is none of the generated ones, org-0001 onwards")
        }
        _ => Ok(()),
    }
}

fn is_generated(slug: &Slug, organisations: u32) -> bool {
    (1..=organisations).any(|number| organisation::slug(number) == slug.as_str())
}

/// The lines of each organisation: in proportion to 1, 1/2, 1/3, ..., and `messages` in sum.
fn shares(messages: u64, organisations: u32) -> Vec<u64> {
    let weights: Vec<u32> = (1..=organisations).map(|number| 1_000_000 / number).collect();
    schedule::split(messages, &weights).collect()
}

//! One cell into the buffer: text with its quotes, numbers, dates, decimals.

use super::Profile;
use crate::digits::{DIGITS_LIMIT, put_number};

/// What makes a spreadsheet read a cell as a formula, besides the full-width forms of the first four.
const FORMULA_STARTS: &[u8] = b"=+-@\t\r";
const FULL_WIDTH_FORMULA_STARTS: [&str; 4] = ["\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}"];

/// Text (UTF-8) as the profile wants it; `true` where an apostrophe was put before it.
pub(super) fn push_profiled_text(out: &mut Vec<u8>, text: &[u8], profile: Profile) -> bool {
    let escape = profile == Profile::Spreadsheet && starts_a_formula(text);
    push_text(out, if escape { b"'" } else { b"" }, text);
    escape
}

/// A prefix (without special characters) and a text as one cell, quoted only where RFC 4180 needs it.
///
/// The empty text is `""`, since an empty field means null.
fn push_text(out: &mut Vec<u8>, prefix: &[u8], text: &[u8]) {
    if text.is_empty() || find_special(text).is_some() {
        out.push(b'"');
        out.extend_from_slice(prefix);
        push_with_doubled_quotes(out, text);
        out.push(b'"');
    } else {
        out.extend_from_slice(prefix);
        out.extend_from_slice(text);
    }
}

/// Whether a spreadsheet would take this text for a formula.
pub(super) fn starts_a_formula(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| FORMULA_STARTS.contains(byte))
        || FULL_WIDTH_FORMULA_STARTS.iter().any(|start| text.starts_with(start.as_bytes()))
}

/// The first byte that makes a cell need quotes. Looked for in blocks without an early end inside, so that the compiler
/// can compare a block at once.
pub(crate) fn find_special(bytes: &[u8]) -> Option<usize> {
    let special = |byte: &u8| (*byte == b',') | (*byte == b'"') | (*byte == b'\r') | (*byte == b'\n');
    let (blocks, rest) = bytes.as_chunks::<32>();
    let hit = blocks.iter().position(|block| block.iter().fold(false, |found, byte| found | special(byte)));
    match hit {
        Some(block) => blocks[block].iter().position(special).map(|at| 32 * block + at),
        None => rest.iter().position(special).map(|at| bytes.len() - rest.len() + at),
    }
}

/// In steps of eight bytes: JSON has so many quotes that looking for each costs more than passing over all bytes.
fn push_with_doubled_quotes(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + 2 * bytes.len(), 0);
    let target = &mut out[start..];
    let mut at = 0;
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        if eight.iter().fold(false, |found, byte| found | (*byte == b'"')) {
            at = double_quotes(target, at, eight);
        } else {
            target[at..at + 8].copy_from_slice(eight);
            at += 8;
        }
    }
    at = double_quotes(target, at, rest);
    out.truncate(start + at);
}

/// Writes each byte twice and counts the second only where it is a quote, so that nothing has to be foretold.
fn double_quotes(target: &mut [u8], mut at: usize, bytes: &[u8]) -> usize {
    for byte in bytes {
        target[at..at + 2].fill(*byte);
        at += 1 + usize::from(*byte == b'"');
    }
    at
}

pub(super) fn push_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_unsigned(out, number.unsigned_abs());
}

pub(super) fn push_unsigned(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; DIGITS_LIMIT];
    let first = put_number(&mut digits, DIGITS_LIMIT, number);
    out.extend_from_slice(&digits[first..]);
}

/// A decimal: `unscaled` divided by ten to the `scale`, with exactly `scale` decimals.
pub(super) fn push_decimal(out: &mut Vec<u8>, unscaled: i128, scale: u8) {
    if unscaled < 0 {
        out.push(b'-');
    }
    let scale = usize::from(scale);
    // u128::MAX has 39 digits; a scale says at most 127, and one digit more stands before the point.
    const WIDTH_LIMIT: usize = 128;
    let mut digits = [b'0'; WIDTH_LIMIT];
    let first = put_wide_number(&mut digits, unscaled.unsigned_abs());
    let point = WIDTH_LIMIT - scale;
    let (whole, decimals) = (&digits[first.min(point - 1)..point], &digits[point..]);
    out.extend_from_slice(whole);
    if scale > 0 {
        out.push(b'.');
        out.extend_from_slice(decimals);
    }
}

/// Writes a number at the end of zeros and answers where it begins.
fn put_wide_number(into: &mut [u8], mut number: u128) -> usize {
    const BASE: u128 = 1_000_000_000_000_000_000;
    let mut end = into.len();
    while number >= BASE {
        put_number(into, end, (number % BASE) as u64);
        number /= BASE;
        end -= 18;
    }
    put_number(into, end, number as u64)
}

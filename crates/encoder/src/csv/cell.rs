//! One cell into the buffer: text with its quotes, numbers, dates, decimals.

use memchr::{memchr, memchr3};

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
        push_quoted(out, prefix, text);
    } else {
        out.extend_from_slice(prefix);
        out.extend_from_slice(text);
    }
}

/// A prefix (without special characters) and a text in quotes.
pub(super) fn push_quoted(out: &mut Vec<u8>, prefix: &[u8], text: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(prefix);
    let (plain, rest) = text.split_at(memchr(b'"', text).unwrap_or(text.len()));
    out.extend_from_slice(plain);
    push_with_doubled_quotes(out, rest);
    out.push(b'"');
}

/// Whether a spreadsheet would take this text for a formula.
pub(super) fn starts_a_formula(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| FORMULA_STARTS.contains(byte))
        || FULL_WIDTH_FORMULA_STARTS.iter().any(|start| text.starts_with(start.as_bytes()))
}

/// The first byte that makes a cell need quotes.
pub(crate) fn find_special(text: &[u8]) -> Option<usize> {
    let first = memchr3(b',', b'"', b'\n', text);
    memchr(b'\r', &text[..first.unwrap_or(text.len())]).or(first)
}

/// In steps of eight bytes: JSON has so many quotes that looking for each costs more than passing over all bytes.
fn push_with_doubled_quotes(out: &mut Vec<u8>, text: &[u8]) {
    let mut at = out.len();
    // Eight bytes are written at a time, and each may become two.
    out.resize(at + 2 * text.len() + 8, 0);
    let (eights, rest) = text.as_chunks::<8>();
    for eight in eights {
        at = double_quotes(out, at, u64::from_le_bytes(*eight), 8);
    }
    if !rest.is_empty() {
        let mut eight = [0; 8];
        eight[..rest.len()].copy_from_slice(rest);
        at = double_quotes(out, at, u64::from_le_bytes(eight), rest.len());
    }
    out.truncate(at);
}

/// Writes the first `left` of eight bytes, the lowest first; answers with the place behind them.
#[inline(always)]
fn double_quotes(out: &mut [u8], mut at: usize, mut eight: u64, mut left: usize) -> usize {
    let mut quotes = quotes_in(eight);
    while quotes != 0 {
        // Everything to the quote and, in place of what is behind it, the quote once more.
        let through = quotes.trailing_zeros() as usize / 8 + 1;
        out[at..at + 8].copy_from_slice(&eight.to_le_bytes());
        out[at + through] = b'"';
        at += through + 1;
        left -= through;
        // Two shifts, as one by 64 bits is none.
        (eight, quotes) = (eight >> (8 * (through - 1)) >> 8, quotes >> (8 * (through - 1)) >> 8);
    }
    out[at..at + 8].copy_from_slice(&eight.to_le_bytes());
    at + left
}

/// The highest bit of each byte that is a quote.
#[inline(always)]
fn quotes_in(eight: u64) -> u64 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // Zero in the bytes that are quotes.
    let different = eight ^ u64::from_le_bytes([b'"'; 8]);
    !(((different & LOW_BITS) + LOW_BITS) | different | LOW_BITS)
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

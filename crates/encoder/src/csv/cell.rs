//! One cell into the buffer: text with its quotes, numbers, dates, decimals.

use memchr::memchr_iter;

use super::Profile;

/// What makes a spreadsheet read a cell as a formula, besides the full-width forms of the first four.
const FORMULA_STARTS: &[u8] = b"=+-@\t\r";
const FULL_WIDTH_FORMULA_STARTS: [&str; 4] = ["\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}"];

/// Text as the profile wants it; `true` where an apostrophe was put before it.
pub(super) fn push_profiled_text(out: &mut Vec<u8>, text: &str, profile: Profile) -> bool {
    let escape = profile == Profile::Spreadsheet && starts_a_formula(text);
    push_text(out, if escape { "'" } else { "" }, text);
    escape
}

/// A prefix (without special characters) and a text as one cell, quoted only where RFC 4180 needs it.
///
/// The empty text is `""`, since an empty field means null.
fn push_text(out: &mut Vec<u8>, prefix: &str, text: &str) {
    let bytes = text.as_bytes();
    if needs_quotes(bytes) {
        out.push(b'"');
        out.extend_from_slice(prefix.as_bytes());
        push_with_doubled_quotes(out, bytes);
        out.push(b'"');
    } else {
        out.extend_from_slice(prefix.as_bytes());
        out.extend_from_slice(bytes);
    }
}

fn starts_a_formula(text: &str) -> bool {
    text.as_bytes().first().is_some_and(|byte| FORMULA_STARTS.contains(byte))
        || FULL_WIDTH_FORMULA_STARTS.iter().any(|start| text.starts_with(start))
}

/// Looked at in blocks without an early end inside, so that the compiler can compare a block at once.
fn needs_quotes(bytes: &[u8]) -> bool {
    const BLOCK: usize = 32;
    let special = |byte: u8| (byte == b',') | (byte == b'"') | (byte == b'\r') | (byte == b'\n');
    bytes.is_empty() || bytes.chunks(BLOCK).any(|block| block.iter().fold(false, |found, byte| found | special(*byte)))
}

fn push_with_doubled_quotes(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut from = 0;
    for quote in memchr_iter(b'"', bytes) {
        out.extend_from_slice(&bytes[from..=quote]);
        from = quote;
    }
    out.extend_from_slice(&bytes[from..]);
}

pub(super) fn push_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_unsigned(out, number.unsigned_abs().into());
}

pub(super) fn push_unsigned(out: &mut Vec<u8>, number: u128) {
    push_digits(out, number, 1);
}

/// A decimal: `unscaled` divided by ten to the `scale`, with exactly `scale` decimals.
pub(super) fn push_decimal(out: &mut Vec<u8>, unscaled: i128, scale: u8) {
    if unscaled < 0 {
        out.push(b'-');
    }
    let scale = usize::from(scale);
    // One digit more than the decimals, so that there is always one before the point.
    push_digits(out, unscaled.unsigned_abs(), scale + 1);
    if scale > 0 {
        out.insert(out.len() - scale, b'.');
    }
}

/// Decimal digits, filled with zeros on the left up to `width`.
fn push_digits(out: &mut Vec<u8>, mut number: u128, width: usize) {
    // u128::MAX has 39 digits; a decimal has at most 38 decimals, or as many as its scale says (at most 127).
    const DIGITS_LIMIT: usize = 128;
    let mut digits = [b'0'; DIGITS_LIMIT];
    let mut first = DIGITS_LIMIT;
    while number > 0 {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits[first.min(DIGITS_LIMIT - width.min(DIGITS_LIMIT))..]);
}

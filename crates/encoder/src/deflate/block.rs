//! One block in the shortest of its three forms (RFC 1951, 3.2.3).

use super::codes::{Bits, Codes};
use super::output::Output;
use super::tokens::Tokens;

/// Most bytes that one stored block holds.
const STORED_BYTES: usize = 65_535;

const STORED: u64 = 0;
const FIXED: u64 = 1;
const DYNAMIC: u64 = 2;

/// Writes the bytes of a block, which are also there as tokens.
pub(super) fn write_block(bytes: &[u8], tokens: &Tokens, last: bool, output: &mut Output) {
    let (fitting, header) = Codes::fitting(tokens);
    let fitting_bits = fitting.count_bits(tokens) + header.iter().map(|(_, count)| u64::from(*count)).sum::<u64>();
    let fixed = Codes::fixed();
    let fixed_bits = fixed.count_bits(tokens);
    if stored_bits(bytes.len(), output.open_bits()) <= fitting_bits.min(fixed_bits) + 3 {
        write_stored(bytes, last, output);
    } else if fixed_bits <= fitting_bits {
        write_coded(&fixed, FIXED, Bits::new(), tokens, last, output);
    } else {
        write_coded(&fitting, DYNAMIC, header, tokens, last, output);
    }
}

fn write_coded(codes: &Codes, form: u64, header: Bits, tokens: &Tokens, last: bool, output: &mut Output) {
    output.put(u64::from(last) | form << 1, 3);
    output.put_all(header.into_iter());
    output.put_all(tokens.as_slice().iter().map(|token| codes.token(*token)));
    let (bits, count) = codes.end();
    output.put(bits, count);
}

/// Bits of the stored form, where the last byte has so many already.
fn stored_bits(length: usize, open_bits: u32) -> u64 {
    let blocks = length.div_ceil(STORED_BYTES).max(1) as u64;
    let first_header = 3 + u64::from((8 - (open_bits + 3) % 8) % 8);
    first_header + 8 * (length as u64 + 4 * blocks + blocks - 1)
}

fn write_stored(bytes: &[u8], last: bool, output: &mut Output) {
    let mut left = bytes;
    loop {
        let (now, rest) = left.split_at(left.len().min(STORED_BYTES));
        left = rest;
        output.put(u64::from(last && left.is_empty()) | STORED << 1, 3);
        output.align();
        let length = now.len() as u16;
        output.put_bytes(&length.to_le_bytes());
        output.put_bytes(&(!length).to_le_bytes());
        output.put_bytes(now);
        if left.is_empty() {
            return;
        }
    }
}

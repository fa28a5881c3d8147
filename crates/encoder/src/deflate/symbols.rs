//! The symbols of lengths and distances with their extra bits (RFC 1951, 3.2.5).

/// Symbols of the first alphabet: bytes, the end of a block, lengths.
pub(super) const LITERAL_SYMBOLS: usize = 286;
/// The symbol that ends a block.
pub(super) const END_OF_BLOCK: usize = 256;
/// Symbols of the second alphabet.
pub(super) const DISTANCE_SYMBOLS: usize = 30;

/// The symbol of a match length, its extra bits and how many they are.
pub(super) fn length_symbol(length: usize) -> (usize, u32, u32) {
    if length == 258 {
        return (285, 0, 0);
    }
    let from_three = length - 3;
    if from_three < 8 {
        return (257 + from_three, 0, 0);
    }
    // From 8 on each power of two has four symbols.
    let extra_bits = from_three.ilog2() - 2;
    let symbol = 257 + 4 * extra_bits as usize + (from_three >> extra_bits);
    (symbol, from_three as u32 & ((1 << extra_bits) - 1), extra_bits)
}

/// The symbol of a distance of 1 to 32,768.
#[inline(always)]
pub(super) fn distance_symbol(distance: usize) -> usize {
    let from_one = distance as u32 - 1;
    if from_one < 2 {
        return from_one as usize;
    }
    // From 2 on each power of two has two symbols.
    let power = from_one.ilog2();
    (2 * power + (from_one >> (power - 1) & 1)) as usize
}

/// How many extra bits a distance symbol has.
#[inline(always)]
pub(super) fn distance_extra_bits(symbol: usize) -> u32 {
    (symbol as u32 / 2).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_count_through_all_lengths_and_distances() {
        let mut expected = 3;
        for symbol in 257..285 {
            let extra_bits = if symbol < 261 { 0 } else { (symbol as u32 - 261) / 4 };
            for extra in 0..1 << extra_bits {
                if expected < 258 {
                    assert_eq!(length_symbol(expected), (symbol, extra, extra_bits), "length {expected}");
                }
                expected += 1;
            }
        }
        assert_eq!(expected, 259);
        assert_eq!(length_symbol(258), (285, 0, 0));

        let mut distance = 1;
        for symbol in 0..DISTANCE_SYMBOLS {
            for _ in 0..1 << distance_extra_bits(symbol) {
                assert_eq!(distance_symbol(distance), symbol, "distance {distance}");
                distance += 1;
            }
        }
        assert_eq!(distance, 32_769);
    }
}

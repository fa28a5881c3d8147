//! Huffman codes of limited length (RFC 1951, 3.2.2).

/// No alphabet of deflate has more symbols.
const SYMBOLS_LIMIT: usize = 288;
/// No code of deflate has more bits.
pub(super) const BITS_LIMIT: usize = 15;

/// The lengths of the codes for symbols that occur so often; 0 for those that do not occur.
///
/// At least two symbols get a code: not every reader takes a lone one.
pub(super) fn code_lengths(counts: &[u32], bits_limit: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut leaves = [(0_u32, 0_u16); SYMBOLS_LIMIT];
    let leaves = sorted_leaves(counts, &mut leaves);
    let mut of_length = lengths_of_leaves(leaves, bits_limit);
    shorten(&mut of_length, bits_limit);
    // The rarest symbols get the longest codes.
    let mut leaves = leaves.iter();
    for bits in (1..=bits_limit).rev() {
        for (_, symbol) in leaves.by_ref().take(of_length[bits] as usize) {
            lengths[usize::from(*symbol)] = bits as u8;
        }
    }
}

/// The symbols that occur, the rarest first; among equals the one with the smaller number first.
fn sorted_leaves<'a>(counts: &[u32], leaves: &'a mut [(u32, u16); SYMBOLS_LIMIT]) -> &'a [(u32, u16)] {
    let mut found = 0;
    for (symbol, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        leaves[found] = (*count, symbol as u16);
        found += 1;
    }
    for symbol in 0..2 {
        if found < 2 && counts[usize::from(symbol)] == 0 {
            leaves[found] = (1, symbol);
            found += 1;
        }
    }
    let leaves = &mut leaves[..found];
    leaves.sort_unstable();
    leaves
}

/// How many codes have each length: leaves and the nodes over them are merged from two sorted queues (van Leeuwen
/// 1976), and what is deeper than the limit is counted at the limit.
fn lengths_of_leaves(leaves: &[(u32, u16)], bits_limit: usize) -> [u32; BITS_LIMIT + 1] {
    let count = leaves.len();
    let mut weights = [0_u32; SYMBOLS_LIMIT];
    let mut parents = [0_u16; 2 * SYMBOLS_LIMIT];
    let (mut leaf, mut node) = (0, 0);
    for made in 0..count - 1 {
        for _ in 0..2 {
            let takes_leaf = node == made || leaf < count && leaves[leaf].0 <= weights[node];
            let child = if takes_leaf { leaf } else { count + node };
            weights[made] += if takes_leaf { leaves[leaf].0 } else { weights[node] };
            leaf += usize::from(takes_leaf);
            node += usize::from(!takes_leaf);
            parents[child] = (count + made) as u16;
        }
    }
    let mut depths = [0_u8; 2 * SYMBOLS_LIMIT];
    let mut of_length = [0; BITS_LIMIT + 1];
    for child in (0..2 * count - 2).rev() {
        depths[child] = depths[usize::from(parents[child])] + 1;
        if child < count {
            of_length[usize::from(depths[child]).min(bits_limit)] += 1;
        }
    }
    of_length
}

/// Makes room for the codes that were cut to the limit: a shorter code becomes one bit longer and takes a cut one beside it.
fn shorten(of_length: &mut [u32; BITS_LIMIT + 1], bits_limit: usize) {
    let mut used: u32 = (1..=bits_limit).map(|bits| of_length[bits] << (bits_limit - bits)).sum();
    while used > 1 << bits_limit {
        let shorter = (1..bits_limit).rev().find(|bits| of_length[*bits] > 0);
        let bits = shorter.expect("so many codes of full length are more than any alphabet has");
        of_length[bits] -= 1;
        of_length[bits + 1] += 2;
        of_length[bits_limit] -= 1;
        used -= 1;
    }
}

/// The codes of these lengths, with the bit that is sent first lowest.
pub(super) fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut of_length = [0_u16; BITS_LIMIT + 1];
    lengths.iter().for_each(|length| of_length[usize::from(*length)] += 1);
    of_length[0] = 0;
    let (mut next, mut code) = ([0_u16; BITS_LIMIT + 1], 0_u16);
    for bits in 1..=BITS_LIMIT {
        code = (code + of_length[bits - 1]) << 1;
        next[bits] = code;
    }
    for (code, length) in codes.iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
        let bits = usize::from(*length);
        *code = next[bits].reverse_bits() >> (16 - bits);
        next[bits] += 1;
    }
}

//! The cells of one column as they will stand in the text, and columns of them joined to rows.

/// Cells one behind the other.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) bytes: Vec<u8>,
    /// Where each cell ends in `bytes`.
    ends: Vec<usize>,
}

impl Cells {
    /// Forgets the cells and keeps their room.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Ends a cell: what was added to the bytes since the last one.
    #[inline]
    pub(super) fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Adds several cells at once, which end at `ends` counted from where `bytes` begin.
    pub(super) fn extend(&mut self, bytes: &[u8], ends: impl Iterator<Item = usize>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.ends.extend(ends.map(|end| start + end));
    }
}

/// Adds the rows that columns of equally many cells make.
pub(super) fn join<'a>(columns: impl Iterator<Item = &'a Cells>, rows: usize, out: &mut Vec<u8>) {
    let mut columns: Vec<_> = columns.map(|cells| (cells, 0)).collect();
    let bytes: usize = columns.iter().map(|(cells, _)| cells.bytes.len()).sum();
    let mut at = out.len();
    // A comma behind each cell, and one more for CRLF behind the last.
    out.resize(at + bytes + rows * (columns.len() + 1), 0);
    for row in 0..rows {
        for (cells, start) in &mut columns {
            let end = cells.ends[row];
            at = put(out, at, &cells.bytes[*start..end]);
            out[at] = b',';
            at += 1;
            *start = end;
        }
        out[at - 1..=at].copy_from_slice(b"\r\n");
        at += 1;
    }
}

/// Writes a text at a place and answers with the place behind it. Most cells are short: for them a call to copy memory
/// would cost more than the copy.
#[inline(always)]
fn put(out: &mut [u8], at: usize, text: &[u8]) -> usize {
    let target = &mut out[at..at + text.len()];
    match text.len() {
        0 => {}
        1..4 => {
            for place in [0, text.len() / 2, text.len() - 1] {
                target[place] = text[place];
            }
        }
        4..8 => put_ends::<4>(target, text),
        8..16 => put_ends::<8>(target, text),
        16..33 => put_ends::<16>(target, text),
        _ => target.copy_from_slice(text),
    }
    at + text.len()
}

/// Copies a text of `N` to `2 * N` bytes: its first and its last ones, which may overlap.
#[inline(always)]
fn put_ends<const N: usize>(target: &mut [u8], text: &[u8]) {
    if let (Some(into), Some(from)) = (target.first_chunk_mut::<N>(), text.first_chunk()) {
        *into = *from;
    }
    if let (Some(into), Some(from)) = (target.last_chunk_mut::<N>(), text.last_chunk()) {
        *into = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_every_length_make_rows() {
        let text: Vec<u8> = (0..100).map(|byte| b'0' + byte % 64).collect();
        let (mut left, mut right, mut expected) = (Cells::default(), Cells::default(), b"before".to_vec());
        for length in 0..100 {
            left.bytes.extend_from_slice(&text[..length]);
            left.end();
            right.bytes.extend_from_slice(&text[length..]);
            right.end();
            expected.extend([&text[..length], b",", &text[length..], b"\r\n"].concat());
        }
        let mut out = b"before".to_vec();
        join([&left, &right].into_iter(), 100, &mut out);
        assert!(out == expected);
    }
}

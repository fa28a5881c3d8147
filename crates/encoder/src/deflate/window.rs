//! The block being filled, behind the bytes before it that a match may reach back to.

/// Bytes of a block; the last one of a stream is shorter. Places are counted modulo this.
pub(super) const BLOCK_BYTES: usize = 1 << 16;
/// How far back a match may reach (RFC 1951, 2).
pub(super) const REACH_BYTES: usize = 32 * 1024;

/// Where the block begins. More than the reach, so that a place and the same place modulo a block are told apart by the
/// distance alone, and no subtraction goes below zero.
pub(super) const START: usize = BLOCK_BYTES;
/// A power of two: a masked place needs no check.
const SIZE: usize = START + BLOCK_BYTES;
/// Eight bytes can be read anywhere.
const PADDING: usize = 8;

/// A window over the stream.
pub(super) struct Window {
    bytes: Box<[u8; SIZE + PADDING]>,
    end: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { bytes: boxed(), end: START }
    }
}

/// An array of zeros that never lies on the stack.
pub(super) fn boxed<T: Clone + Default, const N: usize>() -> Box<[T; N]> {
    let zeros = vec![T::default(); N].into_boxed_slice();
    zeros.try_into().unwrap_or_else(|_| unreachable!("a vector of N elements has N elements"))
}

impl Window {
    /// Where the block ends so far.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The bytes of the block.
    pub(super) fn block(&self) -> &[u8] {
        &self.bytes[START..self.end]
    }

    /// Takes what there is room for and answers with the rest.
    pub(super) fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (now, rest) = bytes.split_at(bytes.len().min(SIZE - self.end));
        self.bytes[self.end..self.end + now.len()].copy_from_slice(now);
        self.end += now.len();
        rest
    }

    /// Makes room for the next block.
    pub(super) fn slide(&mut self) {
        self.bytes.copy_within(SIZE - REACH_BYTES..SIZE, START - REACH_BYTES);
        self.end = START;
    }

    /// Forgets the stream; what is left of it is never looked at, since a place is looked at only after it was filled.
    pub(super) fn clear(&mut self) {
        self.end = START;
    }

    #[inline(always)]
    pub(super) fn byte(&self, place: usize) -> u8 {
        self.bytes[place % SIZE]
    }

    /// Four bytes, the first one lowest.
    #[inline(always)]
    pub(super) fn four(&self, place: usize) -> u32 {
        u32::from_le_bytes(self.at(place))
    }

    /// Eight bytes, the first one lowest. Behind the end of the block they mean nothing.
    #[inline(always)]
    pub(super) fn eight(&self, place: usize) -> u64 {
        u64::from_le_bytes(self.at(place))
    }

    #[inline(always)]
    fn at<const N: usize>(&self, place: usize) -> [u8; N] {
        let (place, mut bytes) = (place % SIZE, [0; N]);
        bytes.copy_from_slice(&self.bytes[place..place + N]);
        bytes
    }
}

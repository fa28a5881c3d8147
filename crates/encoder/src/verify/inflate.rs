//! Inflating a stream of unknown origin, with buffers of fixed size.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

const BUFFER_BYTES: usize = 64 * 1024;

/// An inflater for one stream after another.
pub(super) struct Inflater {
    state: Decompress,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { state: Decompress::new(false), input: vec![0; BUFFER_BYTES], output: vec![0; BUFFER_BYTES] }
    }
}

impl Inflater {
    /// Inflates all that `reader` holds, which must be one raw deflate stream and nothing behind it.
    ///
    /// Each piece goes to `sink`, which answers whether it wants more: that bounds what is made of a few bytes.
    /// `false` where the stream is damaged, ends early or late, or the sink had enough.
    pub(super) fn inflate(&mut self, reader: &mut impl Read, mut sink: impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
        self.state.reset(false);
        let (mut start, mut end) = (0, 0);
        loop {
            if start == end {
                (start, end) = (0, reader.read(&mut self.input)?);
            }
            let (read_before, made_before) = (self.state.total_in(), self.state.total_out());
            let step = self.state.decompress(&self.input[start..end], &mut self.output, FlushDecompress::None);
            let Ok(status) = step else {
                return Ok(false);
            };
            let read = (self.state.total_in() - read_before) as usize;
            let made = (self.state.total_out() - made_before) as usize;
            start += read;
            if made > 0 && !sink(&self.output[..made]) {
                return Ok(false);
            }
            if status == Status::StreamEnd {
                return Ok(start == end && reader.read(&mut self.input)? == 0);
            }
            if read == 0 && made == 0 {
                return Ok(false);
            }
        }
    }
}

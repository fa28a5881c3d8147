//! Streaming raw deflate (RFC 1951) whose bytes depend on the input alone, never on the sizes of the calls.

use std::io;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress};

/// Which compressor makes the bytes; part of each part's key. It has no code per processor, so every machine makes
/// the same bytes.
pub const DEFLATE_NAME: &str = "miniz_oxide-0.9";

/// Compression level of [`DEFLATE_NAME`], fixed for every export: on chat messages it is about twice as fast as level 3
/// and 4 to 5 % larger; level 6 takes four times as long for 8 % less.
pub const DEFLATE_LEVEL: u8 = 2;

/// The compressor is fed blocks of exactly this size (the last one is shorter), cut by the position in the stream.
const BLOCK_BYTES: usize = 64 * 1024;

/// A compressor for one stream after another.
pub struct Deflater {
    state: Box<CompressorOxide>,
    block: Vec<u8>,
    out: Vec<u8>,
}

impl Default for Deflater {
    fn default() -> Self {
        let mut state = Box::<CompressorOxide>::default();
        state.set_format_and_level(DataFormat::Raw, DEFLATE_LEVEL);
        Self { state, block: Vec::with_capacity(BLOCK_BYTES), out: vec![0; BLOCK_BYTES] }
    }
}

impl Deflater {
    /// Takes the next bytes of the stream and hands what came out of it to `sink`.
    pub fn write<S>(&mut self, mut bytes: &[u8], sink: &mut S) -> io::Result<()>
    where
        S: FnMut(&[u8]) -> io::Result<()>,
    {
        while self.block.len() + bytes.len() >= BLOCK_BYTES {
            let (now, later) = bytes.split_at(BLOCK_BYTES - self.block.len());
            bytes = later;
            if self.block.is_empty() {
                deflate_block(&mut self.state, now, &mut self.out, TDEFLFlush::None, sink)?;
            } else {
                self.block.extend_from_slice(now);
                deflate_block(&mut self.state, &self.block, &mut self.out, TDEFLFlush::None, sink)?;
                self.block.clear();
            }
        }
        self.block.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends the stream; the next write begins another one.
    pub fn finish<S>(&mut self, sink: &mut S) -> io::Result<()>
    where
        S: FnMut(&[u8]) -> io::Result<()>,
    {
        deflate_block(&mut self.state, &self.block, &mut self.out, TDEFLFlush::Finish, sink)?;
        self.block.clear();
        self.state.reset();
        Ok(())
    }
}

/// Feeds one whole block.
fn deflate_block<S>(
    state: &mut CompressorOxide,
    mut block: &[u8],
    out: &mut [u8],
    flush: TDEFLFlush,
    sink: &mut S,
) -> io::Result<()>
where
    S: FnMut(&[u8]) -> io::Result<()>,
{
    loop {
        let (status, taken, made) = compress(state, block, out, flush);
        block = &block[taken..];
        if made > 0 {
            sink(&out[..made])?;
        }
        match status {
            TDEFLStatus::Done => return Ok(()),
            // Output that did not fit stays inside: a full buffer asks for another round.
            TDEFLStatus::Okay if flush == TDEFLFlush::None && block.is_empty() && made < out.len() => return Ok(()),
            TDEFLStatus::Okay => {}
            TDEFLStatus::BadParam | TDEFLStatus::PutBufFailed => {
                return Err(io::Error::other("the compressor refused its input"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deflated(deflater: &mut Deflater, text: &[u8], cut: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut sink = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Ok(())
        };
        text.chunks(cut).for_each(|chunk| deflater.write(chunk, &mut sink).unwrap());
        deflater.finish(&mut sink).unwrap();
        out
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        };
        (0..length)
            .map(|_| if next() % 4 == 0 { next() as u8 } else { b"the quick brown fox "[(next() % 20) as usize] })
            .collect()
    }

    #[test]
    fn call_sizes_and_earlier_streams_leave_no_trace() {
        let mut used = Deflater::default();
        for length in [0, 1, 1_000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 300_001] {
            let text = noise(length);
            let whole = deflated(&mut Deflater::default(), &text, usize::MAX);
            for cut in [7, 4_096, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES] {
                assert_eq!(deflated(&mut used, &text, cut), whole, "{length} bytes in cuts of {cut}");
            }
            assert_eq!(miniz_oxide::inflate::decompress_to_vec(&whole).unwrap(), text);
        }
    }

    #[test]
    fn incompressible_input_comes_out_whole() {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"seed");
        let mut text = vec![0; 500_000];
        hasher.finalize_xof().fill(&mut text);
        let out = deflated(&mut Deflater::default(), &text, 10_000);
        assert!(out.len() > text.len());
        assert_eq!(miniz_oxide::inflate::decompress_to_vec(&out).unwrap(), text);
    }
}

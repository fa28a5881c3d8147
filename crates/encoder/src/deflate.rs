//! Streaming raw deflate (RFC 1951) whose bytes depend on the input alone, never on the sizes of the calls.
//!
//! Our own compressor, for rows of text: blocks of fixed size are cut by the position in the stream; each is turned into
//! literals and matches by a table of the last two places with the same four bytes, and written with its own Huffman
//! codes, with the fixed ones, or stored, whatever is shortest. Plain integer arithmetic: the same on every CPU.

mod block;
mod codes;
mod huffman;
mod matches;
mod output;
#[cfg(test)]
mod reference;
mod symbols;
#[cfg(test)]
mod tests;
mod tokens;
mod window;

use std::io;

use self::block::write_block;
use self::matches::Finder;
use self::output::Output;
use self::tokens::Tokens;
use self::window::Window;

/// Which compressor makes the bytes; part of each part's key. It has no code per processor, so every machine makes
/// the same bytes.
pub const DEFLATE_NAME: &str = "rows";

/// Which choices of [`DEFLATE_NAME`] are made, fixed for every export.
pub const DEFLATE_LEVEL: u8 = 1;

/// A compressor for one stream after another, in memory of about 700 KiB.
#[derive(Default)]
pub struct Deflater {
    window: Window,
    finder: Finder,
    tokens: Tokens,
    output: Output,
}

impl Deflater {
    /// Takes the next bytes of the stream and hands what came out of it to `sink`.
    pub fn write<S>(&mut self, mut bytes: &[u8], sink: &mut S) -> io::Result<()>
    where
        S: FnMut(&[u8]) -> io::Result<()>,
    {
        loop {
            bytes = self.window.fill(bytes);
            if bytes.is_empty() {
                return Ok(());
            }
            // A full block is written only once more comes, since it may be the last one.
            self.write_block(false);
            self.output.drain(sink)?;
        }
    }

    /// Ends the stream; the next write begins another one.
    pub fn finish<S>(&mut self, sink: &mut S) -> io::Result<()>
    where
        S: FnMut(&[u8]) -> io::Result<()>,
    {
        self.write_block(true);
        self.output.align();
        self.window.clear();
        self.finder.clear();
        self.output.drain(sink)
    }

    fn write_block(&mut self, last: bool) {
        self.tokens.clear();
        self.finder.tokenize(&self.window, &mut self.tokens);
        write_block(self.window.block(), &self.tokens, last, &mut self.output);
        self.window.slide();
    }
}

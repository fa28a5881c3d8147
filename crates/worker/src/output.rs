//! An upload as the encoder's output.

use std::io;
use std::ops::Range;

use artifacts::{ArtifactError, Upload};
use encoder::part::Output;

/// Hands the encoder's bytes on to an upload.
pub struct UploadOutput(Box<dyn Upload>);

impl UploadOutput {
    /// Over an upload that was begun.
    pub fn new(upload: Box<dyn Upload>) -> Self {
        Self(upload)
    }

    /// Makes the object visible; returns its size. Blocks.
    pub fn finish(self) -> Result<u64, ArtifactError> {
        self.0.finish()
    }
}

impl Output for UploadOutput {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        Ok(self.0.append(bytes)?)
    }

    fn will_patch(&mut self, range: Range<u64>) -> io::Result<()> {
        Ok(self.0.will_patch(range)?)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        Ok(self.0.patch(offset, bytes)?)
    }
}

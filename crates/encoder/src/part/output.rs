//! Where a part's bytes go.

use std::io;
use std::ops::Range;

/// A file in the making that grows at its end and in which the header of the entry still open is overwritten once.
pub trait Output {
    /// Adds bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Says which of the bytes to come will be patched, once: the local header of the entry that is opened now.
    fn will_patch(&mut self, range: Range<u64>) -> io::Result<()> {
        let _ = range;
        Ok(())
    }

    /// Overwrites bytes at `offset`, which all lie in the local header of the entry still open.
    ///
    /// Everything before the open entry is final, and so is everything behind its header: a storage that cannot go
    /// back needs to hold back only the block in which the header lies.
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
}

/// In memory, for small parts and tests.
impl Output for Vec<u8> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let outside = || io::Error::new(io::ErrorKind::InvalidInput, "a patch beyond the end");
        let start = usize::try_from(offset).map_err(|_| outside())?;
        let target = start.checked_add(bytes.len()).and_then(|end| self.get_mut(start..end)).ok_or_else(outside)?;
        target.copy_from_slice(bytes);
        Ok(())
    }
}

impl<O: Output + ?Sized> Output for &mut O {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).append(bytes)
    }

    fn will_patch(&mut self, range: Range<u64>) -> io::Result<()> {
        (**self).will_patch(range)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        (**self).patch(offset, bytes)
    }
}

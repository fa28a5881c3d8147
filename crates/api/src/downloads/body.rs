//! The body of a download: pieces of text and ranges of an object, read block by block as the client takes them.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use artifacts::{Artifacts, ObjectName};
use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use domain::clock::Clock;
use futures::stream;

/// Most bytes that are read at a time.
pub const BLOCK_BYTES: u64 = 256 << 10;
/// Longest that a running stream goes on without a look whether it still may.
pub const LOOK_EVERY: Duration = Duration::from_secs(4);

/// One piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Text(Bytes),
    /// A range of the object.
    Range(Range<u64>),
}

impl Piece {
    /// Its length (bytes).
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Range(range) => range.end - range.start,
        }
    }
}

/// Says whether a stream may go on.
#[async_trait]
pub trait Permit: Send + Sync {
    /// Asks the stores; `false` as well where they do not answer.
    async fn holds(&self) -> bool;
}

/// What a running download reads from, and who may end it.
pub struct Source {
    /// Where the object lies.
    pub artifacts: Arc<dyn Artifacts>,
    /// The object.
    pub object: ObjectName,
    /// Whether the download may go on; it was asked when the stream began.
    pub permit: Box<dyn Permit>,
    /// Tells how long ago that was.
    pub clock: Arc<dyn Clock>,
}

/// A body of these pieces. It is read no faster than it is sent, and ends with an error, never as if it were whole, when
/// the permit is gone or the object is not what it was.
pub fn body(source: Source, pieces: impl IntoIterator<Item = Piece>) -> Body {
    let asked_at = source.clock.monotonic();
    let running = Running { source, pieces: pieces.into_iter().collect(), asked_at };
    Body::from_stream(stream::try_unfold(running, Running::next))
}

struct Running {
    source: Source,
    pieces: VecDeque<Piece>,
    asked_at: Duration,
}

impl Running {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let Some(piece) = self.pieces.pop_front() else { return Ok(None) };
        self.ask().await?;
        let bytes = match piece {
            Piece::Text(text) => text,
            Piece::Range(range) => {
                let end = range.end.min(range.start + BLOCK_BYTES);
                if end < range.end {
                    self.pieces.push_front(Piece::Range(end..range.end));
                }
                self.read(range.start..end).await?
            }
        };
        Ok(Some((bytes, self)))
    }

    async fn ask(&mut self) -> io::Result<()> {
        let now = self.source.clock.monotonic();
        if now.saturating_sub(self.asked_at) < LOOK_EVERY {
            return Ok(());
        }
        self.asked_at = now;
        if self.source.permit.holds().await {
            return Ok(());
        }
        tracing::info!("a running download was cut off");
        Err(io::Error::other("the download was cut off"))
    }

    async fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let length = range.end - range.start;
        let read = self.source.artifacts.read(&self.source.object, range).await;
        match read {
            Ok(Some(bytes)) if bytes.len() as u64 == length => Ok(bytes),
            Ok(_) => Err(io::Error::other("the object is gone")),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a running download failed");
                Err(error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! A request's body as a plain reader for a thread that may block, through a bounded channel.

use std::io::{self, Read};

use axum::body::Body;
use bytes::{Buf as _, Bytes};
use futures::StreamExt as _;
use tokio::sync::mpsc;

/// Chunks that may wait for the reader.
const CHUNKS: usize = 8;

/// What comes through the channel.
enum Chunk {
    Bytes(Bytes),
    /// The body came to its end. Without it the sender was given up, and nothing of the body counts.
    End,
}

/// The two ends: a future that must be driven while the reader reads, and the reader.
///
/// A reader that stops early lets the rest of the body, up to `limit_bytes`, pass unread: a client that is still sending
/// sees the answer.
pub(super) fn feed(body: Body, limit_bytes: u64) -> (impl Future<Output = ()>, BodyReader) {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    let feeding = async move {
        let mut chunks = body.into_data_stream();
        let (mut passed, mut read) = (0_u64, true);
        while let Some(chunk) = chunks.next().await {
            let Ok(chunk) = chunk else { return };
            passed = passed.saturating_add(chunk.len() as u64);
            read = read && sender.send(Chunk::Bytes(chunk)).await.is_ok();
            if !read && passed > limit_bytes {
                return;
            }
        }
        // Nobody may be listening any more.
        let _ = sender.send(Chunk::End).await;
    };
    (feeding, BodyReader { receiver, chunk: Bytes::new(), ended: false })
}

/// The reading end. It blocks, and fails where the body broke off.
pub(super) struct BodyReader {
    receiver: mpsc::Receiver<Chunk>,
    chunk: Bytes,
    ended: bool,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Chunk::Bytes(chunk)) => self.chunk = chunk,
                Some(Chunk::End) => self.ended = true,
                None => return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the body broke off")),
            }
        }
        let length = self.chunk.len().min(buffer.len());
        self.chunk.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: Body) -> io::Result<Vec<u8>> {
        let (feeding, mut reader) = feed(body, 1 << 20);
        let reading = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map(|_| bytes)
        });
        feeding.await;
        reading.await.unwrap()
    }

    fn chunks(chunks: Vec<Result<&'static [u8], io::Error>>) -> Body {
        Body::from_stream(futures::stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_end() {
        assert_eq!(read(chunks(vec![Ok(b"ab"), Ok(b""), Ok(b"c")])).await.unwrap(), b"abc");
        assert_eq!(read(Body::empty()).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_never_ends_cleanly() {
        let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
        assert!(read(chunks(vec![Ok(b"ab"), Err(broken())])).await.is_err());
        let (feeding, mut reader) = feed(Body::from("ab"), 1 << 20);
        drop(feeding);
        let all = tokio::task::spawn_blocking(move || io::copy(&mut reader, &mut io::sink()));
        assert!(all.await.unwrap().is_err());
    }

    #[tokio::test]
    async fn a_reader_that_stops_stops_nobody() {
        let (feeding, reader) = feed(chunks((0..100).map(|_| Ok(b"abc".as_slice())).collect()), 1 << 20);
        drop(reader);
        feeding.await;
    }
}

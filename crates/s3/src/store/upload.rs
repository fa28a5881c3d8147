//! Writing an object bit by bit, from a thread that may block to a task that talks to the server.

use std::ops::Range;

use artifacts::{ArtifactError, ObjectName, Upload};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::S3Artifacts;
use super::error::{broken, failed};
use crate::writer::{Final, Refused};
use crate::{Blocks, Bucket, PartWriter, S3Error};

/// Blocks that were handed over and that the task has not taken.
const HANDED_OVER: usize = 1;
const DOING: &str = "write an object";

/// The end that the writing thread holds. Dropping it ends the task, which aborts what it began.
pub(super) struct S3Upload {
    name: ObjectName,
    blocks: Blocks,
    messages: mpsc::Sender<Message>,
    /// What came of the task, told once.
    outcome: Option<oneshot::Receiver<Result<(), S3Error>>>,
}

enum Message {
    /// A part that is final.
    Part(u32, Bytes),
    /// The whole object: none of it was sent before.
    Whole(Bytes),
    /// All parts are there.
    End,
}

impl S3Upload {
    /// Starts the task. The server hears of it when the first block is full.
    pub(super) fn begin(store: &S3Artifacts, name: &ObjectName) -> Self {
        let ((messages, receiver), (told, outcome)) = (mpsc::channel(HANDED_OVER), oneshot::channel());
        let (bucket, at_once, key) = (store.bucket.clone(), store.parts_at_once, name.to_string());
        tokio::spawn(async move {
            // Nobody may be there to be told.
            let _ = told.send(run(&bucket, &key, at_once, receiver).await);
        });
        Self { name: name.clone(), blocks: Blocks::new(store.sizes), messages, outcome: Some(outcome) }
    }

    fn hand_over(&mut self, blocks: Final) -> Result<(), ArtifactError> {
        blocks.into_iter().try_for_each(|(number, bytes)| self.tell(Message::Part(number, bytes)))
    }

    fn tell(&mut self, message: Message) -> Result<(), ArtifactError> {
        // The task ends early only by an error.
        let ended = self.messages.blocking_send(message).is_err();
        if ended { Err(self.outcome().err().unwrap_or_else(|| broken(DOING))) } else { Ok(()) }
    }

    fn outcome(&mut self) -> Result<(), ArtifactError> {
        let outcome = self.outcome.take().and_then(|outcome| outcome.blocking_recv().ok());
        outcome.ok_or_else(|| broken(DOING))?.map_err(failed(DOING))
    }

    fn refused(&self, range: Range<u64>) -> impl Fn(Refused) -> ArtifactError + use<> {
        let object = self.name.clone();
        let limit_bytes = self.blocks.limit_bytes();
        move |refused| match refused {
            Refused::OutOfRange => {
                ArtifactError::OutOfRange { object: object.clone(), start: range.start, end: range.end }
            }
            Refused::TooLarge => failed(DOING)(S3Error::TooLarge { call: "UploadPart", limit_bytes }),
        }
    }
}

impl Upload for S3Upload {
    fn append(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        let start = self.blocks.bytes();
        let refused = self.refused(start..start + bytes.len() as u64);
        let blocks = self.blocks.append(bytes).map_err(refused)?;
        self.hand_over(blocks)
    }

    fn will_patch(&mut self, range: Range<u64>) -> Result<(), ArtifactError> {
        let blocks = self.blocks.will_patch(range);
        self.hand_over(blocks)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<(), ArtifactError> {
        let refused = self.refused(offset..offset.saturating_add(bytes.len() as u64));
        let blocks = self.blocks.patch(offset, bytes).map_err(refused)?;
        self.hand_over(blocks)
    }

    fn finish(mut self: Box<Self>) -> Result<u64, ArtifactError> {
        let bytes = self.blocks.bytes();
        let mut left = self.blocks.finish();
        match (left.len(), left.pop()) {
            (1, Some((1, whole))) => self.tell(Message::Whole(whole))?,
            (_, last) => {
                left.extend(last);
                self.hand_over(left)?;
                self.tell(Message::End)?;
            }
        }
        self.outcome()?;
        Ok(bytes)
    }
}

async fn run(bucket: &Bucket, key: &str, at_once: usize, mut messages: mpsc::Receiver<Message>) -> Result<(), S3Error> {
    let mut writer: Option<PartWriter> = None;
    loop {
        match messages.recv().await {
            Some(Message::Part(number, bytes)) => {
                let writer = match &mut writer {
                    Some(writer) => writer,
                    None => writer.insert(PartWriter::begin(bucket, key, at_once).await?),
                };
                writer.send(number, bytes).await?;
            }
            Some(Message::Whole(bytes)) => return bucket.put(key, bytes).await,
            Some(Message::End) => return ended(writer).await,
            None => return given_up(writer).await,
        }
    }
}

async fn ended(writer: Option<PartWriter>) -> Result<(), S3Error> {
    match writer {
        Some(writer) => writer.finish(None).await.map(drop),
        None => Ok(()),
    }
}

async fn given_up(writer: Option<PartWriter>) -> Result<(), S3Error> {
    match writer {
        Some(writer) => writer.abort().await,
        None => Ok(()),
    }
}

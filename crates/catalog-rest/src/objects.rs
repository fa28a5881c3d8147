//! Small JSON objects beside the lake's files: put once, read whole, removed.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use lake::storage::{ObjectError, Objects, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Objects read at once.
const READS_AT_ONCE: usize = 16;

/// The objects below one location.
#[derive(Clone)]
pub(crate) struct Beside {
    objects: Arc<dyn Objects>,
    root: String,
}

impl Beside {
    /// Those below `root`, without a slash at its end.
    pub fn new(objects: Arc<dyn Objects>, root: String) -> Self {
        Self { objects, root }
    }

    /// Puts an object unless there is one.
    pub async fn put(&self, name: &str, value: &impl Serialize) -> Result<Stored, ObjectError> {
        let bytes = serde_json::to_vec(value).map_err(|error| damaged(error.into()))?;
        self.objects.put(&self.path(name), bytes.into()).await
    }

    /// What an object says, if it is there.
    pub async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ObjectError> {
        let Some(bytes) = self.bytes(name).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| damaged(error.into()))
    }

    pub async fn remove(&self, name: &str) -> Result<(), ObjectError> {
        self.objects.remove(&self.path(name)).await
    }

    /// The names of a folder with what the objects say, in any order. Those removed meanwhile are left out.
    pub async fn all<T: DeserializeOwned>(&self, folder: &str) -> Result<Vec<(String, T)>, ObjectError> {
        let listed = self.objects.list(&self.path(&format!("{folder}/"))).await?;
        let names = listed.into_iter().filter_map(|file| Some(file.path.strip_prefix(&self.path(""))?.to_owned()));
        let read = |name: String| async move { Ok(self.get(&name).await?.map(|value| (name, value))) };
        let found: Vec<_> = stream::iter(names).map(read).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// A short answer is asked for once more.
    async fn bytes(&self, name: &str) -> Result<Option<Bytes>, ObjectError> {
        let path = self.path(name);
        for _ in 0..2 {
            match self.objects.get(&path, None).await? {
                None => return Ok(None),
                Some(piece) if piece.bytes.len() as u64 == piece.of => return Ok(Some(piece.bytes)),
                Some(_) => {}
            }
        }
        Err(ObjectError { source: "an object comes shorter than it is".into(), retryable: true })
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.root)
    }
}

fn damaged(source: Box<dyn std::error::Error + Send + Sync>) -> ObjectError {
    ObjectError { source, retryable: false }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").field("root", &self.root).finish_non_exhaustive()
    }
}

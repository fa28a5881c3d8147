//! An object store in memory that fails on purpose, for tests.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use domain::time::Micros;

use super::Listed;
use super::objects::{ObjectError, Objects, Piece, Stored};

/// What goes wrong once, at the next call that it can happen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A put is done, its answer is lost.
    LostAnswer,
    /// The last byte of a get does not come.
    ShortRead,
    /// One bit of a get is another one.
    FlippedBit,
    /// A get, put, look or removal is not done.
    Away,
}

/// Objects in memory. All are said to have been written at the same time, at first 1970.
#[derive(Debug, Default)]
pub struct MemoryObjects(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    written_at: Option<Micros>,
    faults: VecDeque<Fault>,
    gets: Vec<(String, Option<Range<u64>>)>,
}

impl MemoryObjects {
    /// Lets things go wrong, each once.
    pub fn fail(&self, faults: &[Fault]) {
        self.state().faults.extend(faults);
    }

    /// Faults that nothing met yet.
    pub fn faults_left(&self) -> usize {
        self.state().faults.len()
    }

    /// When objects are said to have been written.
    pub fn set_written_at(&self, at: Micros) {
        self.state().written_at = Some(at);
    }

    /// Changes what lies under a path.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let mut bytes = state.objects.get(path).map(|bytes| bytes.to_vec()).unwrap_or_default();
        change(&mut bytes);
        state.objects.insert(path.to_owned(), bytes.into());
    }

    /// The gets since the last call.
    pub fn take_gets(&self) -> Vec<(String, Option<Range<u64>>)> {
        std::mem::take(&mut self.state().gets)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic while the objects are held")
    }
}

impl State {
    fn meets(&mut self, fault: Fault) -> bool {
        let at = self.faults.iter().position(|waiting| *waiting == fault);
        at.is_some_and(|at| self.faults.remove(at).is_some())
    }

    fn is_there(&mut self) -> Result<(), ObjectError> {
        if self.meets(Fault::Away) { Err(away()) } else { Ok(()) }
    }
}

fn away() -> ObjectError {
    ObjectError { source: "the store is away".into(), retryable: true }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<Stored, ObjectError> {
        let mut state = self.state();
        state.is_there()?;
        if state.objects.contains_key(path) {
            return Ok(Stored::Before);
        }
        state.objects.insert(path.to_owned(), bytes);
        if state.meets(Fault::LostAnswer) { Err(away()) } else { Ok(Stored::Now) }
    }

    async fn put_file(&self, path: &str, from: &Path) -> Result<Stored, ObjectError> {
        let bytes = std::fs::read(from).map_err(|error| ObjectError { source: error.into(), retryable: false })?;
        self.put(path, bytes.into()).await
    }

    async fn get(&self, path: &str, range: Option<Range<u64>>) -> Result<Option<Piece>, ObjectError> {
        let mut state = self.state();
        state.gets.push((path.to_owned(), range.clone()));
        state.is_there()?;
        let Some(object) = state.objects.get(path).cloned() else { return Ok(None) };
        let range = range.unwrap_or(0..u64::MAX);
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(object.len());
        let mut bytes = object.slice(at(range.start)..at(range.end));
        if !bytes.is_empty() && state.meets(Fault::ShortRead) {
            bytes.truncate(bytes.len() - 1);
        }
        if !bytes.is_empty() && state.meets(Fault::FlippedBit) {
            let mut flipped = bytes.to_vec();
            flipped[0] ^= 1;
            bytes = flipped.into();
        }
        Ok(Some(Piece { bytes, of: object.len() as u64 }))
    }

    async fn size(&self, path: &str) -> Result<Option<u64>, ObjectError> {
        let mut state = self.state();
        state.is_there()?;
        Ok(state.objects.get(path).map(|bytes| bytes.len() as u64))
    }

    async fn remove(&self, path: &str) -> Result<(), ObjectError> {
        let mut state = self.state();
        state.is_there()?;
        state.objects.remove(path);
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, ObjectError> {
        let state = self.state();
        let below = state.objects.iter().filter(|(path, _)| path.starts_with(prefix));
        let listed = |(path, bytes): (&String, &Bytes)| Listed {
            path: path.clone(),
            bytes: bytes.len() as u64,
            written_at: state.written_at.unwrap_or(Micros(0)),
        };
        Ok(below.map(listed).collect())
    }
}

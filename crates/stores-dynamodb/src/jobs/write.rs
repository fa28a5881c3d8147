//! One write: what it takes is read, the rule runs over it, and all that it changed is written at once or not at all.

use std::time::Duration;

use domain::owner::Owner;
use domain::random::backoff;
use domain::time::Micros;
use stores::StoreError;

use super::keys;
use super::reads::{Missing, Reads};
use super::view::View;
use crate::adapter::DynamoStores;
use crate::db::{Query, Update};
use crate::error::{failed, refused};
use crate::item::{Item, Key, Read, number, text};
use crate::tables::{JOBS, OPEN};

/// How often a write is made anew where others came before it.
const REPEATS: u32 = 30;
const FIRST_WAIT: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_millis(300);
/// From which repeat on the export is not believed that nobody has claimed a step.
const DOUBTS: u32 = 3;
/// How often a rule may ask for more: by what was asked before, by what the export says, by those that wait.
const ROUNDS: u32 = 256;
/// Most due exports of one owner that a claim looks at.
pub(super) const DUE_LIMIT: usize = 1_000;
/// Most steps of one export that are looked at for who holds them; more than any number of workers has slots for.
const HELD_LIMIT: usize = 10_000;

/// The fence of an export whose steps were taken from their holders, and the first keys of all of them.
pub(super) type Released = (u64, Vec<String>);

/// What a rule surely asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) items: Vec<Key>,
    /// The exports that are due, at most so many.
    pub(super) due: Option<usize>,
}

impl DynamoStores {
    /// One write by a rule over one owner's items, made anew until no other write comes between its reads and its end.
    pub(super) async fn write<T>(
        &self,
        owner: &Owner,
        wanted: Wanted,
        rule: impl Fn(&mut View<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        for number in 0..REPEATS {
            if number > 0 {
                tokio::time::sleep(backoff(FIRST_WAIT, LONGEST_WAIT, number - 1, self.db.calls.random.as_ref())).await;
            }
            let attempt = self.attempt(owner, &wanted, &rule, number >= DOUBTS).await?;
            let (value, released) = match attempt {
                Some(done) => done,
                None => continue,
            };
            for (fence, steps) in released {
                // Who does not hear of it records nothing all the same.
                let _ = self.let_go(fence, &steps).await;
            }
            return Ok(value);
        }
        let source = format!("{REPEATS} times another write came first").into();
        Err(StoreError::Unavailable { doing: "write", source })
    }

    /// `None` where another write came between.
    async fn attempt<T>(
        &self,
        owner: &Owner,
        wanted: &Wanted,
        rule: impl Fn(&mut View<'_>) -> Result<T, StoreError>,
        doubts: bool,
    ) -> Result<Option<(T, Vec<Released>)>, StoreError> {
        let now = self.clock.now();
        let mut reads = Reads { doubts, ..Reads::default() };
        let first = Missing { items: wanted.items.iter().cloned().collect(), due: wanted.due.is_some(), held: None };
        self.read(owner, now, wanted, first, &mut reads).await?;
        for _ in 0..ROUNDS {
            let mut view = View::new(owner, now, &self.limits, &reads);
            let ruled = rule(&mut view);
            if view.is_overtaken() {
                return Ok(None);
            }
            let changes = ruled.and_then(|value| Ok((value, view.changes()?)));
            let missing = view.missing();
            if !missing.is_empty() {
                self.read(owner, now, wanted, missing, &mut reads).await?;
                continue;
            }
            let (value, changes) = changes?;
            let released = view.released();
            let is_written = changes.is_empty() || self.db.commit(&JOBS, &changes).await.map_err(failed("write"))?;
            return Ok(is_written.then_some((value, released)));
        }
        Err(refused("decide", "a rule asks for more and more"))
    }

    async fn read(
        &self,
        owner: &Owner,
        now: Micros,
        wanted: &Wanted,
        missing: Missing,
        reads: &mut Reads,
    ) -> Result<(), StoreError> {
        if missing.due {
            let most = wanted.due.unwrap_or(DUE_LIMIT);
            self.read_due(owner, now, most, reads).await?;
        }
        let keys: Vec<_> = missing.items.into_iter().filter(|key| !reads.items.contains_key(key)).collect();
        if !keys.is_empty() {
            let mut found = self.db.get_all(&JOBS, &keys).await.map_err(failed("read"))?;
            reads.items.extend(keys.into_iter().map(|key| {
                let item = found.remove(&key);
                (key, item)
            }));
        }
        if let Some((by, under)) = missing.held {
            reads.held.insert(by, self.held_items(&under).await?);
        }
        Ok(())
    }

    /// The exports that are due, by one call.
    async fn read_due(&self, owner: &Owner, now: Micros, most: usize, reads: &mut Reads) -> Result<(), StoreError> {
        let query = Query::index(JOBS, OPEN, keys::owner(owner), 0, now.0);
        let items = self.db.query(&query, most).await.map_err(failed("find what is due"))?;
        let mut due = Vec::new();
        for item in items {
            let key = Key::of(&item)?;
            due.push(key.clone());
            reads.items.insert(key, Some(item));
        }
        reads.due = Some(due);
        Ok(())
    }

    /// The steps under these first keys that somebody holds.
    async fn held_items(&self, under: &[String]) -> Result<Vec<Item>, StoreError> {
        let mut held = Vec::new();
        for first in under {
            let query = Query::index(JOBS, OPEN, first, 0, i64::MAX);
            held.extend(self.db.query(&query, HELD_LIMIT).await.map_err(failed("find who holds steps"))?);
        }
        Ok(held)
    }

    /// Lets those who hold steps under these first keys know by their next beat. That they record nothing any more is in the write
    /// behind which this comes, so it may be cut short. Who has claimed since then has the new fence.
    async fn let_go(&self, fence: u64, steps: &[String]) -> Result<(), StoreError> {
        let held = self.held_items(steps).await?;
        let update = |item: &Item| -> Result<_, StoreError> {
            let read = Read::new(item, "a step");
            let update = Update {
                expression: "SET v = v + :one REMOVE worker, open_at",
                condition: "v = :v AND fence < :fence",
                values: vec![(":one", number(1)), (":v", number(read.number::<u64>("v")?)), (":fence", number(fence))],
            };
            Ok((Key::of(item)?, update))
        };
        let updates: Vec<_> = held.iter().map(update).collect::<Result<_, _>>()?;
        self.db.update_all(&JOBS, &updates).await.map_err(failed("release steps")).map(drop)
    }

    /// Counts a heartbeat of each lease that still holds.
    pub(super) async fn beats(&self, leases: &[domain::export::Lease]) -> Result<Vec<bool>, StoreError> {
        let now = self.clock.now();
        let beat = |lease: &domain::export::Lease| {
            let update = Update {
                expression: "SET v = v + :one, beat = beat + :one, beat_at = :now",
                condition: "attempt = :attempt AND worker = :worker",
                values: vec![
                    (":one", number(1)),
                    (":now", number(now.0)),
                    (":attempt", number(lease.attempt)),
                    (":worker", text(lease.worker.to_string())),
                ],
            };
            (keys::step(&lease.owner, lease.export, lease.lane, lease.step), update)
        };
        let beats: Vec<_> = leases.iter().map(beat).collect();
        self.db.update_all(&JOBS, &beats).await.map_err(failed("count heartbeats"))
    }
}

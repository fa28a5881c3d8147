//! What a job store counts for whoever watches the service: no owner and no export is named.

use std::time::Duration;

use domain::export::{Export, Segments, State, has_come};
use domain::limits::Limits;
use domain::time::Micros;

/// Most due exports that one census looks into, those due longest first.
pub const CENSUS_LIMIT: u32 = 1_000;

/// What there is and what waits, all over the job store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// How many exports are in each state, in the order of [`State::NAMES`].
    pub exports: [u64; State::NAMES.len()],
    /// Segments that could be claimed now, of the due exports looked into.
    pub claimable_segments: u64,
    /// How long the step that is due longest has been waiting; zero where none is.
    pub oldest_due: Duration,
}

impl Census {
    /// Takes in one of the exports that are due at `now`, with what its lanes have come to.
    pub fn count_due(&mut self, export: &Export, now: Micros, limits: &Limits) {
        if let Some(segments) = export.segments() {
            self.claimable_segments += claimable(segments, now, limits);
        }
        let since = waits_since(export, limits).unwrap_or(now);
        let waited = u64::try_from(now.0.saturating_sub(since.0)).unwrap_or(0);
        self.oldest_due = self.oldest_due.max(Duration::from_micros(waited));
    }
}

fn claimable(segments: &Segments, now: Micros, limits: &Limits) -> u64 {
    let repeats = segments.retry.values().filter(|due_at| has_come(**due_at, now)).count() as u64;
    let new = if segments.takes_new(limits.retry_set) { segments.fresh.count() } else { 0 };
    repeats + u64::from(new)
}

/// Since when something could have been done. New segments have no time of their own: while others of the export are
/// being built nothing waits, and else the first has not waited longer than its export is old.
fn waits_since(export: &Export, limits: &Limits) -> Option<Micros> {
    match export.segments() {
        Some(segments) if segments.takes_new(limits.retry_set) => (segments.leased == 0).then_some(export.created_at),
        Some(segments) => segments.due_at(limits.retry_set),
        None => export.due_at(limits),
    }
}

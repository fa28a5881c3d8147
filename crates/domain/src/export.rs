//! One export: what was asked, how far it is, and every legal transition.

mod cancel;
mod claim;
mod due;
mod fresh;
mod lanes;
mod lease;
mod next_step;
mod promote;
mod record;
mod retry;
mod segments;
mod state;
mod step;

pub use claim::Claim;
pub use due::{HORIZON, has_come};
pub use fresh::Fresh;
pub use lanes::{Lane, Lanes};
pub use lease::{Lease, Seen, StepRecord};
pub use next_step::next_step;
pub use record::{InvalidTransition, Outcome, Settled};
pub use segments::Segments;
pub use state::{ArchiveFile, FailedSegment, Failure, FailureCode, Phase, PlanFacts, Slot, State};
pub use step::Step;

use crate::ids::{ExportId, UserId};
use crate::owner::Owner;
use crate::people::Email;
use crate::request::Request;
use crate::time::Micros;

/// One request and what came of it.
///
/// The record is small whatever the export's size: segments are counted here, never listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its id; ids sort by creation.
    pub id: ExportId,
    /// Whose it is.
    pub owner: Owner,
    /// What was asked.
    pub request: Request,
    /// Who asked, and hears of the end; `None` where it was asked on the command line.
    pub requested_by: Option<Requester>,
    /// When it was asked, by the job store's clock.
    pub created_at: Micros,
    /// How far it is.
    pub state: State,
    /// What the plan found, once there is one.
    pub plan: Option<PlanFacts>,
    /// Rows written so far.
    pub rows: u64,
    /// Bytes of finished parts so far.
    pub bytes: u64,
    /// Segments that were found finished instead of being built.
    pub reused_parts: u32,
    /// Segments that were built.
    pub built_parts: u32,
    /// How often its failed segments were asked for again.
    pub retries: u32,
    /// The segments to go on with once it has a place: set by a retry, taken by the promotion.
    pub resume: Option<Segments>,
    /// In how many lanes its segments are counted once many are left; fixed by the plan.
    pub lanes: u32,
    /// When it was last served, by a time of the owner's claims; the least recently served comes first.
    pub served: u64,
}

/// Who asked for an export; the address is fixed with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    /// Who.
    pub user: UserId,
    /// Where the letters go.
    pub email: Email,
}

impl Export {
    /// A new export that waits for a place.
    pub fn new(id: ExportId, owner: Owner, request: Request, created_at: Micros) -> Self {
        Self {
            id,
            owner,
            request,
            requested_by: None,
            created_at,
            state: State::Queued,
            plan: None,
            rows: 0,
            bytes: 0,
            reused_parts: 0,
            built_parts: 0,
            retries: 0,
            resume: None,
            lanes: 1,
            served: 0,
        }
    }
}

#[cfg(test)]
mod tests;

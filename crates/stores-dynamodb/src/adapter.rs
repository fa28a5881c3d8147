//! The one account of AWS behind the ports.

use std::sync::Arc;

use aws::OptionError;
use domain::clock::Clock;
use domain::limits::Limits;
use domain::random::Random;

use crate::db::{Capacity, Db};
use crate::options::{DynamoOptions, check_limits};

/// Jobs, accounts and the audit trail in tables of DynamoDB, which any number of processes share.
///
/// DynamoDB has no clock that a write could read, so the time of the stores is the injected one of each process: records
/// say the time of who wrote them, and an export that is due by one process' clock may not yet be by another's. That costs
/// time, never correctness: leases end by what their watchers see and not by what a clock says.
#[derive(Clone)]
pub struct DynamoStores {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Arc<Limits>,
}

impl DynamoStores {
    /// The stores in tables that `outhaul migrate` made; nothing is asked of the server yet.
    ///
    /// # Errors
    /// The field of the options, or the limit, that cannot be.
    pub async fn open(
        options: &DynamoOptions,
        limits: Limits,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OptionError> {
        options.check()?;
        check_limits(&limits)?;
        let db = Db::new(options, Arc::clone(&clock), random).await;
        Ok(Self { db, clock, limits: Arc::new(limits) })
    }

    /// What all calls have used so far, as the server counts it.
    pub fn capacity(&self) -> Capacity {
        self.db.capacity()
    }
}

//! What a running API does once in a while: keys grow old, logins run out. A worker alone sees neither.

use std::sync::Arc;
use std::time::Duration;

use api::App;
use stores::accounts::FAMILY_PURGE_LIMIT;
use tracing::{info, warn};

use crate::exit::Failure;
use crate::interrupt::{self, Switch};

/// Time between two rounds.
const ROUND: Duration = Duration::from_secs(3_600);
const DAY_SECONDS: u64 = 86_400;

/// Goes its rounds until the service stops. Keys that are `key_days` old get a successor; with 0, none does.
pub async fn run(app: Arc<App>, key_days: u32, mut stop: Switch) -> Result<(), Failure> {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        tokio::select! {
            () = interrupt::came(&mut stop) => return Ok(()),
            _ = rounds.tick() => {}
        }
        rotate(&app, key_days);
        purge(&app).await;
    }
}

/// A failure leaves the old key in use, and the next round tries again.
fn rotate(app: &App, key_days: u32) {
    let age_limit = u64::from(key_days) * DAY_SECONDS;
    let is_old = |made: domain::time::Micros| made.plus_seconds(age_limit) <= app.now();
    if key_days == 0 || !app.keys.newest_made_at().is_ok_and(|made| made.is_some_and(is_old)) {
        return;
    }
    match app.keys.rotate() {
        Ok(kid) => info!(kid, "a new signing key was made"),
        Err(error) => warn!(error = worker::message(&error), "no new signing key"),
    }
}

async fn purge(app: &App) {
    loop {
        match app.ports.accounts.purge_families().await {
            Ok(removed) if removed < u64::from(FAMILY_PURGE_LIMIT) => return,
            Ok(_) => {}
            Err(error) => return warn!(error = worker::message(&error), "logins that ran out are left for later"),
        }
    }
}

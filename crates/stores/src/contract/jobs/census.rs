//! What is counted for whoever watches.

use domain::export::State;

use super::*;
use crate::jobs::Census;

fn count(census: &Census, state: &str) -> u64 {
    let at = State::NAMES.iter().position(|name| *name == state).expect("a state of the contract");
    census.exports[at]
}

/// Exports by state over all owners, segments that can be claimed, and how long the oldest step has been due.
pub async fn a_census_counts_everything<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let limits = Limits { running_exports_per_organisation: 1, ..Limits::default() };
    let world = World::new(limits, make).await;
    assert_eq!(world.jobs.census().await?, Census::default());

    world.create(1).await?;
    world.create(2).await?;
    world.jobs.create(NewExport { owner: owner("other"), ..new(3) }).await?;
    world.pass(Duration::from_secs(7));
    let census = world.jobs.census().await?;
    assert_eq!((count(&census, "running"), count(&census, "queued")), (2, 1));
    assert_eq!((census.claimable_segments, census.oldest_due), (0, Duration::from_secs(7)));
    world.jobs.cancel(&owner("other"), id(3)).await?;

    let plan = world.claim(1, 1).await?.leases.remove(0);
    world.done(&plan, planned(5)).await?;
    world.pass(Duration::from_secs(3));
    let census = world.jobs.census().await?;
    assert_eq!((census.claimable_segments, census.oldest_due), (5, Duration::from_secs(10)));

    let leases = world.claim(1, 2).await?.leases;
    let census = world.jobs.census().await?;
    assert_eq!(census.claimable_segments, 3, "somebody works on two");
    assert!(census.oldest_due <= Duration::from_secs(3), "{census:?}: only what is left of the other export waits");
    world.done(&leases[0], failed()).await?;
    world.pass(Duration::from_millis(world.limits.retry_milliseconds));
    let census = world.jobs.census().await?;
    assert_eq!(census.claimable_segments, 4, "one is to be repeated");
    assert_eq!(census.exports.iter().sum::<u64>(), 3);
    assert_eq!(count(&census, "cancelled"), 1);
    Ok(())
}

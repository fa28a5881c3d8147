//! Large exports, whose segments are counted in lanes.

use std::collections::BTreeSet;

use domain::export::{FailureCode, Phase, State, Step};

use super::*;
use crate::Retried;

/// Exports of four segments and more have lanes of two.
fn limits() -> Limits {
    Limits { lane_segments: 2, lanes: 3, attempts_per_step: 2, ..Limits::default() }
}

/// Workers are spread over the lanes; every segment is claimed once, each result counts at
/// once, and the last one moves the export on.
pub async fn a_large_export_is_counted_in_lanes<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(limits(), make).await;
    let export = world.planned(1, 7).await?;
    assert!(matches!(&export.state, State::Running(Phase::Lanes(lanes)) if lanes.open == 3), "{export:?}");
    assert_eq!(world.jobs.due(9).await?.owners, [acme()]);
    assert_eq!(world.jobs.census().await?.claimable_segments, 7);

    let (mut leases, mut first) = (Vec::new(), BTreeSet::new());
    for by in 1..=4 {
        let claimed = world.claim(by, 1).await?;
        assert!(claimed.more);
        first.extend(claimed.leases.iter().map(|lease| lease.lane));
        leases.extend(claimed.leases);
    }
    assert!(first.len() > 1 && first.iter().all(Option::is_some), "workers are spread over lanes: {first:?}");
    while let Some(claimed) = world.jobs.claim(&acme(), worker(1), 2).await? {
        leases.extend(claimed.leases);
    }
    let steps: BTreeSet<_> = leases.iter().map(|lease| lease.step).collect();
    assert_eq!((steps, leases.len()), ((0..7).map(Step::Segment).collect(), 7));
    assert_eq!(world.progress(1).await?, [SegmentProgress::Held; 7]);
    assert_eq!(world.jobs.beat(&leases).await?, [true; 7]);

    for (lease, done) in leases.iter().zip(1_u64..) {
        let export = world.done(lease, built(1)).await?;
        let told = world.get(1).await?;
        assert_eq!((told.rows, told.bytes, told.built_parts), (done, done * 10, done as u32));
        assert_eq!(told, world.jobs.list(&acme(), None, 9).await?.remove(0));
        let is_last = matches!(export.state, State::Running(Phase::Assemble(_)));
        assert_eq!(is_last, done == 7, "{export:?}");
        if let State::Running(Phase::Lanes(lanes)) = &told.state {
            assert_eq!((u64::from(lanes.settled.done), u64::from(lanes.settled.leased)), (done, 7 - done));
        }
    }
    assert_eq!(world.progress(1).await?, [SegmentProgress::Done { rows: 1, bytes: 10, reused: false }; 7]);
    assert_eq!(world.claim(1, 9).await?.leases.remove(0).step, Step::Assemble);
    assert!(world.jobs.due(9).await?.owners.is_empty());
    Ok(())
}

/// A worker goes on in its lane while no other export of the owner runs; where one does, claims take turns.
pub async fn lanes_take_turns_with_other_exports<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(limits(), make).await;
    world.planned(1, 20).await?;
    let lease = world.claim(1, 1).await?.leases.remove(0);
    let Recorded::Done { next: Some(next), .. } = world.jobs.record(&lease, built(1), Then::GoOn).await? else {
        panic!("it goes on");
    };
    assert_eq!((next.lane, next.worker, next.attempt), (lease.lane, lease.worker, 1));
    assert_eq!(world.jobs.beat(std::slice::from_ref(&next)).await?, [true]);
    let Recorded::Done { next: None, .. } = world.jobs.record(&next, built(1), Then::LetGo).await? else {
        panic!("it lets go");
    };

    world.create(2).await?;
    let plan = world.claim(1, 1).await?.leases.remove(0);
    assert_eq!((plan.export, plan.step), (id(2), Step::Plan));
    world.done(&plan, planned(3)).await?;
    let mut turns = Vec::new();
    for _ in 0..6 {
        // All begin in the same lane, so that nobody else's was served longer ago.
        let lease = world.claim(1, 1).await?.leases.remove(0);
        turns.push(lease.export);
        let Recorded::Done { next, .. } = world.jobs.record(&lease, built(1), Then::GoOn).await? else {
            panic!("it counts");
        };
        assert!(next.is_none() || lease.export == id(2), "the other export waits for its turn");
        if let Some(next) = next {
            world.jobs.record(&next, Outcome::GivenBack, Then::LetGo).await?;
        }
    }
    assert_eq!(turns.iter().filter(|export| **export == id(2)).count(), 3, "{turns:?}");
    Ok(())
}

/// Whoever works in a lane of a cancelled export records nothing, and nothing is left to claim but the removal.
pub async fn cancelled_lanes_are_fenced<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(limits(), make).await;
    world.planned(1, 9).await?;
    let mut leases = world.claim(1, 1).await?.leases;
    leases.extend(world.claim(2, 1).await?.leases);
    world.done(&leases[0], built(1)).await?;
    let cancelled = world.jobs.cancel(&acme(), id(1)).await?.expect("it is there");
    assert_eq!(cancelled.state.name(), "cancelled");
    assert_eq!(world.jobs.record(&leases[1], built(1), Then::GoOn).await?, Recorded::Fenced);
    assert_eq!(world.jobs.beat(&leases).await?, [false, false]);
    let claimed = world.claim(1, 9).await?;
    assert_eq!((claimed.leases[0].step, claimed.leases.len(), claimed.more), (Step::Delete, 1, false));
    world.done(&claimed.leases[0], Outcome::Removed).await?;
    assert_eq!(world.jobs.due(9).await?.owners, []);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.jobs.purge(0).await?, 1);
    assert_eq!(world.progress(1).await?, []);
    Ok(())
}

/// Segments that fail in one lane end the export once all lanes are over; a retry builds them and nothing else.
pub async fn a_lane_out_of_attempts_fails_the_export<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(limits(), make).await;
    world.planned(1, 8).await?;
    let refused = Outcome::Refused { message: "damaged".to_owned(), days: Some((Day(3), Day(4))) };
    let mut count = 0;
    while let Some(claimed) = world.jobs.claim(&acme(), worker(1), 1).await? {
        let lease = &claimed.leases[0];
        let Step::Segment(number) = lease.step else { panic!("{lease:?}") };
        world.done(lease, if [2, 7].contains(&number) { refused.clone() } else { built(1) }).await?;
        count += 1;
        if count == 8 {
            break;
        }
    }
    let export = world.get(1).await?;
    let State::Failed { failure, .. } = &export.state else { panic!("{export:?}") };
    let failed: Vec<_> = failure.segments.iter().map(|segment| (segment.number, segment.days)).collect();
    assert_eq!(failed, [(2, Some((Day(3), Day(4)))), (7, Some((Day(3), Day(4))))]);
    assert_eq!((failure.code, export.rows), (FailureCode::Refused, 6));
    assert!(failure.message.starts_with("2 of 8 segments"), "{}", failure.message);

    assert!(matches!(world.jobs.retry(&acme(), id(1)).await?, Some(Retried::GoesOn(_))));
    let again = world.claim(1, 9).await?.leases;
    let steps: Vec<_> = again.iter().map(|lease| (lease.step, lease.attempt)).collect();
    assert_eq!(steps, [(Step::Segment(2), 2), (Step::Segment(7), 2)]);
    for lease in &again {
        world.done(lease, built(1)).await?;
    }
    assert_eq!(world.get(1).await?.rows, 8);
    assert_eq!(world.claim(1, 9).await?.leases.remove(0).step, Step::Assemble);
    Ok(())
}

/// A look shows who holds steps in lanes, each lane a heartbeat after the last look at it; a taken step is claimed again.
pub async fn dead_workers_of_lanes_are_replaced<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(limits(), make).await;
    world.planned(1, 4).await?;
    let mut leases = Vec::new();
    for _ in 0..4 {
        leases.extend(world.claim(1, 1).await?.leases);
    }
    assert_eq!(world.jobs.look(&acme()).await?, []);
    world.pass(Duration::from_millis(world.limits.heartbeat_milliseconds));
    assert_eq!(world.jobs.due(9).await?.owners, [acme()]);
    let found = world.jobs.look(&acme()).await?;
    assert_eq!(found.len(), 4);
    assert_eq!(world.jobs.look(&acme()).await?, []);
    assert_eq!(world.jobs.beat(&leases[..1]).await?, [true]);
    let mut taken = 0;
    for (export, seen) in &found {
        taken += u32::from(world.jobs.take_over(&acme(), *export, seen).await?);
    }
    assert_eq!(taken, 3, "one has beaten meanwhile");
    assert_eq!(world.jobs.record(&leases[1], built(1), Then::LetGo).await?, Recorded::Fenced);
    world.pass(Duration::from_millis(world.limits.retry_milliseconds));
    let again: BTreeSet<_> = [world.claim(1, 9).await?, world.claim(1, 9).await?]
        .iter()
        .flat_map(|claimed| claimed.leases.iter().map(|lease| (lease.step, lease.attempt)))
        .collect();
    assert_eq!(again, leases[1..].iter().map(|lease| (lease.step, 2)).collect());
    Ok(())
}

//! Recording results, cancelling, and what follows from it.

use domain::export::{FailedSegment, Failure, FailureCode, Phase, State, Step};

use super::*;
use crate::Retried;

/// From the request to the removal of the record, with nothing left due.
pub async fn an_export_runs_to_its_end<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.planned(1, 3).await?;
    assert_eq!(world.progress(1).await?, [SegmentProgress::Waiting; 3]);
    for (lease, rows) in world.claim(1, 9).await?.leases.iter().zip(1..) {
        assert_eq!(world.get(1).await?.state.name(), "running");
        world.done(lease, Outcome::SegmentDone { rows, bytes: rows * 100, reused: rows == 2 }).await?;
    }
    let done = |rows| SegmentProgress::Done { rows, bytes: rows * 100, reused: rows == 2 };
    assert_eq!(world.progress(1).await?, [done(1), done(2), done(3)]);
    let two = world.jobs.segments(&acme(), id(1), 1, 1).await?;
    assert_eq!(two, [crate::SegmentState { number: 1, attempt: 1, progress: done(2) }]);
    let claimed = world.claim(2, 9).await?;
    assert_eq!(claimed.leases.iter().map(|lease| lease.step).collect::<Vec<_>>(), [Step::Assemble]);
    let export = world.done(&claimed.leases[0], Outcome::Assembled { files: Vec::new() }).await?;
    assert_eq!(export, world.get(1).await?);
    assert_eq!((export.rows, export.bytes, export.reused_parts, export.built_parts), (6, 600, 1, 2));
    assert_eq!(world.jobs.unsettled(&acme()).await?, []);
    assert_eq!(world.jobs.claim(&acme(), worker(1), 9).await?, None);
    assert_eq!(world.jobs.purge(0).await?, 0);
    world.pass(Duration::from_secs(world.limits.files_live_seconds));
    let expire = world.claim(1, 9).await?.leases.remove(0);
    assert_eq!(expire.step, Step::Expire);
    assert_eq!(world.done(&expire, Outcome::Removed).await?.state, State::Expired { finished_at: world.clock.now() });
    assert_eq!(world.jobs.due(9).await?, crate::Due::default());
    world.pass(Duration::from_secs(60));
    assert_eq!(world.jobs.purge(60).await?, 0);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.jobs.purge(60).await?, 1);
    assert_eq!(world.jobs.get(&acme(), id(1)).await?, None);
    assert_eq!(world.jobs.segments(&acme(), id(1), 0, 9).await?, []);
    Ok(())
}

/// Who lost a step records nothing, nor does a second result of the same attempt.
pub async fn late_results_are_fenced<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.planned(1, 2).await?;
    let lease = world.claim(1, 1).await?.leases.remove(0);
    world.done(&lease, failed()).await?;
    world.pass(Duration::from_secs(60));
    let again = world.claim(2, 1).await?.leases.remove(0);
    assert_eq!((again.step, again.attempt), (lease.step, lease.attempt + 1));
    let forged = Lease { worker: worker(3), ..again.clone() };
    for stale in
        [&lease, &forged, &Lease { attempt: 9, ..again.clone() }, &Lease { step: Step::Segment(1), ..again.clone() }]
    {
        assert_eq!(world.jobs.record(stale, built(1), Then::LetGo).await?, Recorded::Fenced, "{stale:?}");
    }
    assert_eq!(world.jobs.beat(&[lease, again.clone(), forged]).await?, [false, true, false]);
    // A result that the state does not wait for ends the lease, and is not recorded.
    assert_eq!(world.jobs.record(&again, Outcome::Removed, Then::LetGo).await?, Recorded::Fenced);
    assert_eq!(world.get(1).await?.rows, 0);
    assert_eq!(world.jobs.record(&again, built(1), Then::LetGo).await?, Recorded::Fenced);
    Ok(())
}

/// The oldest that waits takes the place that an end frees, by the same write.
pub async fn a_place_goes_to_the_next<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits { running_exports_per_organisation: 1, ..Limits::default() }, make).await;
    for number in [1, 3, 2] {
        world.create(number).await?;
    }
    let plan = world.claim(1, 9).await?;
    assert_eq!((plan.export.id, plan.leases.len(), plan.more), (id(1), 1, false));
    world.done(&plan.leases[0], Outcome::Refused { message: "no such snapshot".to_owned(), days: None }).await?;
    assert_eq!(world.get(1).await?.state.name(), "failed");
    assert_eq!(world.get(2).await?.state, State::Running(Phase::Plan(domain::export::Slot::Ready(world.clock.now()))));
    assert_eq!(world.get(3).await?.state, State::Queued);
    world.jobs.cancel(&acme(), id(2)).await?;
    assert_eq!(world.get(3).await?.state.name(), "running");
    Ok(())
}

/// At once for everybody: beats and results of its workers count no more; the removal is left to a step.
pub async fn a_cancelled_export_fences_its_workers<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.planned(1, 3).await?;
    let leases = world.claim(1, 2).await?.leases;
    world.pass(Duration::from_secs(60));
    let cancelled = world.jobs.cancel(&acme(), id(1)).await?.expect("it is there");
    assert_eq!(cancelled.state.name(), "cancelled");
    assert_eq!(world.jobs.beat(&leases).await?, [false, false]);
    assert_eq!(world.jobs.look(&acme()).await?, []);
    assert_eq!(world.jobs.record(&leases[0], built(1), Then::LetGo).await?, Recorded::Fenced);
    assert_eq!(world.jobs.cancel(&acme(), id(1)).await?, Some(cancelled));
    let removal = world.claim(2, 9).await?;
    assert_eq!(removal.leases.iter().map(|lease| lease.step).collect::<Vec<_>>(), [Step::Delete]);
    world.done(&removal.leases[0], Outcome::Removed).await?;
    assert_eq!(world.jobs.due(9).await?, crate::Due::default());
    assert_eq!(world.jobs.cancel(&acme(), id(9)).await?, None);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.jobs.purge(0).await?, 1);
    Ok(())
}

/// Totals count each segment once, however often it was built.
pub async fn gone_parts_are_built_again<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.planned(1, 3).await?;
    for (lease, rows) in world.claim(1, 9).await?.leases.iter().zip([1, 10, 100]) {
        world.done(lease, built(rows)).await?;
    }
    let assemble = world.claim(1, 9).await?.leases.remove(0);
    let export = world.done(&assemble, Outcome::PartsGone { segments: vec![0, 2] }).await?;
    assert_eq!((export.rows, export.bytes, export.built_parts), (10, 100, 1));
    let kept = SegmentProgress::Done { rows: 10, bytes: 100, reused: false };
    assert_eq!(world.progress(1).await?, [SegmentProgress::Waiting, kept, SegmentProgress::Waiting]);
    let again = world.claim(2, 9).await?.leases;
    let found: Vec<_> = again.iter().map(|lease| (lease.step, lease.attempt)).collect();
    assert_eq!(found, [(Step::Segment(0), 2), (Step::Segment(2), 2)]);
    for (lease, rows) in again.iter().zip([1, 100]) {
        world.done(lease, built(rows)).await?;
    }
    let assemble = world.claim(1, 9).await?;
    assert_eq!((assemble.leases[0].attempt, assemble.export.rows, assemble.export.built_parts), (2, 111, 3));
    Ok(())
}

/// The others go on; then the export fails and says which.
pub async fn segments_out_of_attempts_fail_the_export<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.planned(1, 2).await?;
    for attempt in 1..=world.limits.attempts_per_step {
        let lease = world.claim(1, 1).await?.leases.remove(0);
        assert_eq!((lease.step, lease.attempt), (Step::Segment(0), attempt));
        world.done(&lease, failed()).await?;
        world.pass(Duration::from_secs(60));
    }
    assert_eq!(world.progress(1).await?, [SegmentProgress::Failed, SegmentProgress::Waiting]);
    let other = world.claim(1, 9).await?.leases.remove(0);
    // Giving a step back costs no attempt.
    world.done(&other, Outcome::GivenBack).await?;
    let other = world.claim(1, 9).await?.leases.remove(0);
    let export = world.done(&other, built(1)).await?;
    let State::Failed { failure: Failure { code, segments, .. }, .. } = export.state else { panic!("{export:?}") };
    let expected = FailedSegment { number: 0, days: Some((Day(3), Day(4))) };
    assert_eq!((code, segments), (FailureCode::StepFailed, vec![expected]));
    Ok(())
}

/// Only what failed is built again, with all attempts before it, as soon as there is a place.
pub async fn failed_segments_are_asked_for_again<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let limits = Limits { running_exports_per_organisation: 1, attempts_per_step: 2, ..Limits::default() };
    let world = World::new(limits, make).await;
    world.planned(1, 3).await?;
    let segments = world.claim(1, 9).await?.leases;
    let refused = Outcome::Refused { message: "damaged".to_owned(), days: None };
    for (lease, outcome) in segments.iter().zip([built(1), refused.clone(), built(100)]) {
        world.done(lease, outcome).await?;
    }
    assert_eq!(world.get(1).await?.state.name(), "failed");
    assert_eq!(world.jobs.retry(&acme(), id(9)).await?, None);
    assert_eq!(world.jobs.retry(&owner("acme-2"), id(1)).await?, None);
    world.create(2).await?;
    let Some(Retried::GoesOn(waits)) = world.jobs.retry(&acme(), id(1)).await? else { panic!("not retried") };
    assert_eq!((&waits.state, waits.retries, &waits), (&State::Queued, 1, &world.get(1).await?));
    assert_eq!(world.jobs.retry(&acme(), id(1)).await?, Some(Retried::NothingToRetry(waits)));
    world.jobs.cancel(&acme(), id(2)).await?;
    let again = world.claim(1, 9).await?.leases;
    assert_eq!(again.iter().map(|lease| (lease.export, lease.step)).collect::<Vec<_>>(), [(id(2), Step::Delete)]);
    let again = world.claim(1, 9).await?.leases;
    assert_eq!(again.iter().map(|lease| (lease.step, lease.attempt)).collect::<Vec<_>>(), [(Step::Segment(1), 2)]);
    world.done(&again[0], failed()).await?;
    world.pass(Duration::from_secs(60));
    let again = world.claim(1, 9).await?.leases.remove(0);
    let export = world.done(&again, built(10)).await?;
    assert_eq!((export.rows, export.built_parts), (111, 3));
    let assemble = world.claim(1, 9).await?.leases.remove(0);
    assert_eq!(assemble.step, Step::Assemble);
    Ok(())
}

/// Somebody who asked hears of the end; a letter that cannot be sent changes nothing.
pub async fn letters_have_attempts_of_their_own<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(Limits { notify_attempts: 3, ..Limits::default() }, make).await;
    for number in [2, 1] {
        let requested_by = (number == 1).then(requester);
        world.jobs.create(NewExport { requested_by, ..new(number) }).await?;
        world.finish(number).await?;
    }
    for attempt in 1..=3 {
        let claimed = world.claim(1, 9).await?;
        let letter = &claimed.leases[0];
        assert_eq!(
            (letter.export, letter.step, letter.attempt, claimed.leases.len()),
            (id(1), Step::Notify, attempt, 1)
        );
        assert_eq!(world.jobs.claim(&acme(), worker(1), 9).await?, None);
        let export = world.done(letter, failed()).await?;
        let State::Succeeded { notify, .. } = export.state else { panic!("{export:?}") };
        assert_eq!(notify.is_some(), attempt < 3);
        world.pass(Duration::from_secs(60));
    }
    assert_eq!(world.jobs.due(9).await?, crate::Due::default());
    Ok(())
}

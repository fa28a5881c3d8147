//! Finding and replacing workers that are gone.

use domain::export::{FailureCode, Seen, State, Step};

use super::*;

fn seen(lease: &Lease, beat: u64) -> Seen {
    Seen { step: lease.step, attempt: lease.attempt, beat }
}

/// A look is due a heartbeat after the claim, shows what is held, and is due again a heartbeat later.
pub async fn a_look_is_put_off<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.planned(1, 3).await?;
    let leases = world.claim(1, 2).await?.leases;
    let heartbeat = Duration::from_millis(world.limits.heartbeat_milliseconds);
    assert_eq!(world.jobs.look(&acme()).await?, []);
    for beats in 0..2 {
        world.pass(heartbeat);
        let mut found = world.jobs.look(&acme()).await?;
        found.sort();
        assert_eq!(found, [(id(1), seen(&leases[0], beats)), (id(1), seen(&leases[1], beats))]);
        assert_eq!(world.jobs.look(&acme()).await?, []);
        assert_eq!(world.jobs.beat(&leases).await?, [true, true]);
    }
    for lease in &leases {
        world.done(lease, built(1)).await?;
    }
    world.pass(heartbeat);
    assert_eq!(world.jobs.look(&acme()).await?, []);
    Ok(())
}

/// Only from a holder who did not beat since the look; the third death of one step ends the export.
pub async fn a_dead_worker_is_replaced<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.create(1).await?;
    for attempt in 1..=world.limits.attempts_per_step {
        let lease = world.claim(1, 1).await?.leases.remove(0);
        assert_eq!((lease.step, lease.attempt), (Step::Plan, attempt));
        assert_eq!(world.jobs.beat(std::slice::from_ref(&lease)).await?, [true]);
        let stale = [seen(&lease, 0), seen(&lease, 2), Seen { attempt: attempt + 1, ..seen(&lease, 1) }];
        for stale in stale {
            assert!(!world.jobs.take_over(&acme(), id(1), &stale).await?, "{stale:?}");
        }
        assert!(world.jobs.take_over(&acme(), id(1), &seen(&lease, 1)).await?);
        assert!(!world.jobs.take_over(&acme(), id(1), &seen(&lease, 1)).await?);
        assert_eq!(world.jobs.record(&lease, planned(1), Then::LetGo).await?, Recorded::Fenced);
        world.pass(Duration::from_secs(60));
    }
    let export = world.get(1).await?;
    let State::Failed { failure, .. } = &export.state else { panic!("{export:?}") };
    assert_eq!(failure.code, FailureCode::WorkersDied);
    assert!(!world.jobs.take_over(&acme(), id(9), &Seen { step: Step::Plan, attempt: 1, beat: 0 }).await?);
    Ok(())
}

/// Each owner once, and only once something is due.
pub async fn due_owners_come_earliest_first<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(Limits::default(), make).await;
    assert_eq!(world.jobs.due(9).await?.owners, []);
    for (number, slug) in [(1, "b"), (2, "b"), (3, "b"), (4, "a"), (5, "c")] {
        world.jobs.create(NewExport { owner: owner(slug), ..new(number) }).await?;
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(world.jobs.due(9).await?.owners, [owner("b"), owner("a"), owner("c")]);
    assert_eq!(world.jobs.due(2).await?.owners, [owner("b"), owner("a")]);
    let plan = world.jobs.claim(&owner("a"), worker(1), 1).await?.expect("a plan to make").leases.remove(0);
    assert_eq!(world.jobs.due(9).await?.owners, [owner("b"), owner("c")]);
    world.done(&plan, failed()).await?;
    assert_eq!(world.jobs.due(9).await?.owners, [owner("b"), owner("c")]);
    world.pass(Duration::from_millis(world.limits.retry_milliseconds));
    assert_eq!(world.jobs.due(9).await?.owners, [owner("b"), owner("c"), owner("a")]);
    Ok(())
}

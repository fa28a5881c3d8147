//! Claiming steps.

use domain::export::Step;

use super::*;

/// The export served least recently comes first, and `more` says whether another claim would find something.
pub async fn claims_take_turns<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.planned(1, 4).await?;
    world.planned(2, 3).await?;
    let mut turns = Vec::new();
    for _ in 0..7 {
        let claimed = world.claim(1, 1).await?;
        assert_eq!(claimed.export, world.jobs.get(&acme(), claimed.export.id).await?.expect("it is there"));
        turns.push((claimed.export.id, claimed.leases[0].step, claimed.more));
    }
    let expected = [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (2, 2), (1, 3)];
    let expected = expected.map(|(number, segment)| (id(number), Step::Segment(segment), (number, segment) != (1, 3)));
    assert_eq!(turns, expected);
    assert_eq!(world.jobs.claim(&acme(), worker(1), 1).await?, None);
    Ok(())
}

/// At most the room of the worker, at most the limit of one write, each step once.
pub async fn one_write_claims_so_many<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits { claim_segments: 5, ..Limits::default() }, make).await;
    world.planned(1, 9).await?;
    assert_eq!(world.jobs.claim(&acme(), worker(1), 0).await?, None);
    let mut steps = Vec::new();
    for (room, count, more) in [(2, 2, true), (9, 5, true), (9, 2, false)] {
        let claimed = world.claim(2, room).await?;
        assert_eq!((claimed.leases.len(), claimed.more), (count, more));
        for lease in &claimed.leases {
            let expected = Lease { owner: acme(), export: id(1), step: lease.step, attempt: 1, worker: worker(2) };
            assert_eq!(lease, &expected);
            steps.push(lease.step);
        }
    }
    assert_eq!(steps, (0..9).map(Step::Segment).collect::<Vec<_>>());
    assert_eq!(world.progress(1).await?, [SegmentProgress::Held; 9]);
    Ok(())
}

/// Nothing of one owner is to be had under another's name.
pub async fn owners_are_apart<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.planned(1, 3).await?;
    let lease = world.claim(1, 1).await?.leases.remove(0);
    let other = owner("acme-2");
    let stranger = Lease { owner: other.clone(), ..lease.clone() };
    let seen = domain::export::Seen { step: lease.step, attempt: lease.attempt, beat: 0 };
    assert_eq!(world.jobs.claim(&other, worker(1), 9).await?, None);
    assert_eq!(world.jobs.beat(&[stranger.clone(), lease.clone()]).await?, [false, true]);
    assert_eq!(world.jobs.record(&stranger, built(1)).await?, Recorded::Fenced);
    assert!(!world.jobs.take_over(&other, id(1), &seen).await?);
    assert_eq!(world.jobs.cancel(&other, id(1)).await?, None);
    assert_eq!(world.jobs.segments(&other, id(1), 0, 9).await?, []);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.jobs.look(&other).await?, []);
    world.done(&lease, built(1)).await?;
    Ok(())
}

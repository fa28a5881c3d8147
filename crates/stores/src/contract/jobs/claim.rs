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
            let expected =
                Lease { owner: acme(), export: id(1), step: lease.step, lane: None, attempt: 1, worker: worker(2) };
            assert_eq!(lease, &expected);
            steps.push(lease.step);
        }
    }
    assert_eq!(steps, (0..9).map(Step::Segment).collect::<Vec<_>>());
    assert_eq!(world.progress(1).await?, [SegmentProgress::Held; 9]);
    Ok(())
}

/// The write that records a step of a small export gives its worker the next one, if it goes on; a large one is left
/// to whoever claims.
pub async fn small_exports_stay_with_their_worker<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(Limits { small_export_rows: 10, ..Limits::default() }, make).await;
    let plan = |rows| Outcome::Planned(PlanFacts { snapshot: 1, segments: 2, rows });
    for (number, rows, then, goes_on) in
        [(1, 10, Then::GoOn, true), (2, 11, Then::GoOn, false), (3, 10, Then::LetGo, false)]
    {
        world.create(number).await?;
        let lease = world.claim(1, 1).await?.leases.remove(0);
        let Recorded::Done { export, next } = world.jobs.record(&lease, plan(rows), then).await? else {
            panic!("{lease:?} is fenced");
        };
        assert_eq!(*export, world.get(number).await?);
        let first = Lease { step: Step::Segment(0), ..lease.clone() };
        assert_eq!(next, goes_on.then_some(first), "{number}");
        if goes_on {
            assert_eq!(world.progress(number).await?, [SegmentProgress::Held, SegmentProgress::Waiting]);
        }
        world.jobs.cancel(&acme(), id(number)).await?;
        let removal = world.claim(1, 1).await?.leases.remove(0);
        world.done(&removal, Outcome::Removed).await?;
    }
    Ok(())
}

/// A small export goes its whole way under one claim; a failure ends that, and so does its end.
pub async fn one_claim_is_enough<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    world.create(1).await?;
    let mut lease = world.claim(1, 1).await?.leases.remove(0);
    let way = [planned(2), built(1), built(2), Outcome::Assembled { files: Vec::new() }];
    for (outcome, expected) in
        way.into_iter().zip([Some(Step::Segment(0)), Some(Step::Segment(1)), Some(Step::Assemble), None])
    {
        let Recorded::Done { next, .. } = world.jobs.record(&lease, outcome, Then::GoOn).await? else {
            panic!("{lease:?} is fenced");
        };
        assert_eq!(next.as_ref().map(|next| next.step), expected);
        let Some(next) = next else { break };
        assert_eq!(world.jobs.beat(&[lease, next.clone()]).await?, [false, true]);
        lease = next;
    }
    assert_eq!(world.get(1).await?.rows, 3);

    world.create(2).await?;
    let lease = world.claim(1, 1).await?.leases.remove(0);
    let recorded = world.jobs.record(&lease, failed(), Then::GoOn).await?;
    assert!(matches!(recorded, Recorded::Done { next: None, .. }), "{recorded:?}");
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
    assert_eq!(world.jobs.record(&stranger, built(1), Then::LetGo).await?, Recorded::Fenced);
    assert!(!world.jobs.take_over(&other, id(1), &seen).await?);
    assert_eq!(world.jobs.cancel(&other, id(1)).await?, None);
    assert_eq!(world.jobs.segments(&other, id(1), 0, 9).await?, []);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.jobs.look(&other).await?, []);
    world.done(&lease, built(1)).await?;
    Ok(())
}

//! What a segment costs: calls, and units as the server counts them.

use super::*;

/// Claim: one read, one write; result: the same; and two heartbeats.
#[tokio::test]
async fn a_segment_takes_six_calls() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.planned(1, 3).await;
    world.claim(2, 1).await;

    world.faults.count_anew();
    let lease = world.claim(1, 1).await.remove(0);
    assert_eq!((world.calls("Query"), world.calls("TransactWriteItems"), world.all_calls()), (1, 1, 2));
    for _ in 0..2 {
        assert_eq!(world.stores.beat(std::slice::from_ref(&lease)).await.unwrap(), [true]);
    }
    assert_eq!((world.calls("UpdateItem"), world.all_calls()), (2, 4));
    world.done(&lease, built(1)).await;
    assert_eq!((world.calls("BatchGetItem"), world.calls("TransactWriteItems"), world.all_calls()), (1, 2, 6));
}

/// A heartbeat writes one small item and no index; claims and results write three items or two and an entry of an index, each
/// twice as in a transaction. DynamoDB Local counts them twice again, which DynamoDB does not.
#[tokio::test]
async fn units_are_few() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.planned(1, 9).await;
    let mut before = world.stores.capacity();
    let mut used = || {
        let after = world.stores.capacity();
        let used = (after.reads - before.reads, after.writes - before.writes);
        before = after;
        used
    };
    let lease = world.claim(1, 1).await.remove(0);
    let (reads, writes) = used();
    assert!(reads <= 4.0 && writes <= 16.0, "a claim: {reads} and {writes}");
    assert_eq!(world.stores.beat(std::slice::from_ref(&lease)).await.unwrap(), [true]);
    assert_eq!(used(), (0.0, 1.0), "a heartbeat");
    world.done(&lease, built(1)).await;
    let (reads, writes) = used();
    assert!(reads <= 2.0 && writes <= 12.0, "a result: {reads} and {writes}");
}

/// The same calls and units, whether an export has 1 segment more or 179,999, in one summary.
#[tokio::test]
async fn a_large_export_costs_what_a_small_one_does() {
    let mut costs = Vec::new();
    for segments in [2, 180_000] {
        let Some(world) = World::new(Limits { lanes: 1, ..Limits::default() }).await else { return };
        world.planned(1, segments).await;
        world.faults.count_anew();
        let before = world.stores.capacity();
        let lease = world.claim(1, 1).await.remove(0);
        world.done(&lease, built(1)).await;
        assert_eq!(world.stores.segments(&acme(), id(1), 0, 2).await.unwrap().len(), 2);
        let after = world.stores.capacity();
        costs.push((world.all_calls(), after.reads - before.reads, after.writes - before.writes));
    }
    assert_eq!(costs[0], costs[1]);
}

/// A lane is one read more for a claim; who goes on in it takes two calls for each segment.
#[tokio::test]
async fn lanes_cost_one_read() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.planned(1, 180_000).await;
    world.faults.count_anew();
    let mut lease = world.claim(1, 1).await.remove(0);
    assert_eq!(world.all_calls(), 3, "what is due, the lane, the write");
    for _ in 0..3 {
        world.faults.count_anew();
        let recorded = world.stores.record(&lease, built(1), Then::GoOn).await.unwrap();
        let Recorded::Done { next: Some(next), .. } = recorded else { panic!("it goes on: {recorded:?}") };
        assert_eq!(world.all_calls(), 2, "a result and a claim");
        lease = next;
    }
}

/// What is due is found though it takes more than the first page, and a list goes on behind a page's end.
#[tokio::test]
async fn lists_go_on_behind_a_page() {
    const EXPORTS: u128 = 30;
    let Some(world) = World::new(Limits { running_exports_per_organisation: 40, ..Limits::default() }).await else {
        return;
    };
    for number in 1..=EXPORTS {
        world.stores.create(filtered(number, 50_000)).await.unwrap();
    }
    world.faults.count_anew();
    let listed = world.stores.list(&acme(), None, 100).await.unwrap();
    assert!(world.calls("Query") >= 2, "a page has 1 MiB");
    assert_eq!(
        listed.iter().map(|export| export.id).collect::<Vec<_>>(),
        (1..=EXPORTS).rev().map(id).collect::<Vec<_>>()
    );
    assert_eq!(world.stores.unsettled(&acme()).await.unwrap().len(), EXPORTS as usize);
    for number in 1..=EXPORTS {
        assert_eq!(world.claim(1, 1).await[0].export, id(number));
    }
    assert_eq!(world.stores.claim(&acme(), worker(1), 1).await.unwrap(), None);
}

//! The borders: 400 KiB of an item, 100 items of a transaction, records that others wrote.

use domain::export::{Phase, State, Step};
use stores::{Retried, SegmentProgress, StoreError};

use super::*;
use crate::item::{Key, Write};
use crate::tables::JOBS;

/// Said before the server does, with what is too large.
#[tokio::test]
async fn an_export_that_does_not_fit_into_an_item_is_refused() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.stores.create(filtered(1, 300_000)).await.unwrap();
    let StoreError::Backend { doing, source } = world.stores.create(filtered(2, 400_000)).await.unwrap_err() else {
        panic!("another error");
    };
    assert_eq!(doing, "write an item");
    let text = source.to_string();
    assert!(text.contains(&format!("the record of export {}", id(2))) && text.contains("400000 is the most"), "{text}");
    assert_eq!(world.stores.get(&acme(), id(2)).await.unwrap(), None);
    assert_eq!(world.stores.unsettled(&acme()).await.unwrap().len(), 1);
}

/// More parts that are gone, and more failed segments, than a transaction has room for.
#[tokio::test]
async fn many_segments_begin_anew_by_one_write() {
    let limits = Limits { attempts_per_step: 2, claim_segments: 40, ..Limits::default() };
    many_segments_begin_anew(limits.clone()).await;
    // The same in three lanes.
    many_segments_begin_anew(Limits { lane_segments: 40, ..limits }).await;
}

async fn many_segments_begin_anew(limits: Limits) {
    const SEGMENTS: u32 = 120;
    let Some(world) = World::new(limits).await else { return };
    world.planned(1, SEGMENTS).await;
    let all_end = async |outcome: Outcome| {
        let mut ended = 0;
        while ended < SEGMENTS {
            for lease in world.claim(1, 40).await {
                world.done(&lease, outcome.clone()).await;
                ended += 1;
            }
        }
    };
    all_end(Outcome::Refused { message: "damaged".to_owned(), days: None }).await;
    let Some(Retried::GoesOn(export)) = world.stores.retry(&acme(), id(1)).await.unwrap() else {
        panic!("not retried")
    };
    assert_eq!(export.state.name(), "running");
    let segments = world.stores.segments(&acme(), id(1), 0, SEGMENTS).await.unwrap();
    assert!(segments.iter().all(|segment| segment.progress == SegmentProgress::Waiting && segment.attempt == 1));

    all_end(built(7)).await;
    let assemble = world.claim(1, 1).await.remove(0);
    assert_eq!(assemble.step, Step::Assemble);
    world.done(&assemble, Outcome::PartsGone { segments: (0..SEGMENTS).collect() }).await;
    let export = world.stores.get(&acme(), id(1)).await.unwrap().unwrap();
    assert_eq!((export.rows, export.built_parts), (0, 0));
    let segments = world.stores.segments(&acme(), id(1), 0, SEGMENTS).await.unwrap();
    assert!(segments.iter().all(|segment| segment.progress == SegmentProgress::Waiting && segment.attempt == 2));
    all_end(built(7)).await;
    let export = world.stores.get(&acme(), id(1)).await.unwrap().unwrap();
    assert_eq!((export.rows, export.built_parts), (7 * u64::from(SEGMENTS), SEGMENTS));
    assert!(matches!(export.state, State::Running(Phase::Assemble(_))));
}

/// One write fences all holders off; they hear of it by their next beat.
#[tokio::test]
async fn more_holders_than_a_transaction_has_room_for_are_let_go() {
    let limits = Limits { claim_segments: 40, lane_segments: 40, ..Limits::default() };
    let Some(world) = World::new(limits).await else { return };
    world.planned(1, 120).await;
    let mut leases = Vec::new();
    for by in 1..=3 {
        leases.extend(world.claim(by, 40).await);
    }
    world.stores.cancel(&acme(), id(1)).await.unwrap();
    assert!(world.stores.beat(&leases).await.unwrap().iter().all(|held| !held));
    assert_eq!(world.stores.record(&leases[0], built(1), Then::LetGo).await.unwrap(), Recorded::Fenced);
    let segments = world.stores.segments(&acme(), id(1), 0, 120).await.unwrap();
    assert!(segments.iter().all(|segment| segment.progress == SegmentProgress::Waiting));
}

/// A process that ends right behind the cancellation: holders may beat on, and record nothing.
#[tokio::test]
async fn a_fence_holds_without_the_news_of_it() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.planned(1, 3).await;
    let leases = world.claim(1, 2).await;
    // The news goes by single writes.
    let deaf = engines::Rule::new(engines::Fault::Answer(400, "AccessDeniedException")).on("UpdateItem");
    world.faults.add(deaf);
    let cancelled = world.stores.cancel(&acme(), id(1)).await.unwrap().unwrap();
    assert_eq!(cancelled.state.name(), "cancelled");
    assert!(world.faults.broken() > 0, "the news did not get through");
    world.faults.clear();
    assert_eq!(world.stores.beat(&leases).await.unwrap(), [true, true]);
    assert_eq!(world.stores.record(&leases[0], built(1), Then::LetGo).await.unwrap(), Recorded::Fenced);
    let segments = world.stores.segments(&acme(), id(1), 0, 3).await.unwrap();
    assert!(segments.iter().all(|segment| segment.progress == SegmentProgress::Waiting));
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.stores.look(&acme()).await.unwrap(), []);
}

/// Left to a newer program, and not in the way of others.
#[tokio::test]
async fn a_record_of_a_newer_program_is_left_to_it() {
    let Some(world) = World::new(Limits::default()).await else { return };
    for number in 1..=2 {
        world.stores.create(new(number)).await.unwrap();
    }
    let key = Key::new("ORG#acme", format!("EXPORT#{}", id(1)));
    let item = world.stores.db.get(&JOBS, &key).await.unwrap().unwrap();
    let future = Write::new(&key).text("record", r#"{"version":9}"#).number("record_version", 9).over(&item).item();
    let condition = crate::db::Condition::unchanged(Some(&item));
    assert!(world.stores.db.put(&JOBS, &future, &condition).await.unwrap());

    let due = world.stores.due(9).await.unwrap();
    assert_eq!((due.owners, due.too_new), (vec![acme()], 1));
    assert!(matches!(world.stores.get(&acme(), id(1)).await, Err(StoreError::TooNew { found: 9, .. })));
    assert_eq!(world.stores.list(&acme(), None, 9).await.unwrap().len(), 1);
    let claimed = world.stores.claim(&acme(), worker(1), 9).await.unwrap().unwrap();
    assert_eq!((claimed.export.id, claimed.more), (id(2), true));
    assert!(matches!(world.stores.claim(&acme(), worker(1), 9).await, Err(StoreError::TooNew { .. })));
    assert_eq!(world.stores.census().await.unwrap().exports[1], 2);
    assert_eq!(world.stores.db.get(&JOBS, &key).await.unwrap().unwrap().get("record"), future.get("record"));
}

/// Steps of a purged export go with it, though they are more than one page of removals.
#[tokio::test]
async fn a_purge_takes_the_steps_along() {
    let Some(world) = World::new(Limits { claim_segments: 40, ..Limits::default() }).await else { return };
    world.planned(1, 80).await;
    world.claim(1, 40).await;
    world.claim(1, 40).await;
    world.stores.cancel(&acme(), id(1)).await.unwrap();
    let removal = world.claim(1, 1).await.remove(0);
    world.done(&removal, Outcome::Removed).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.stores.purge(0).await.unwrap(), 1);
    assert_eq!(world.stores.purge(0).await.unwrap(), 0);
    let (left, _) = world.stores.db.scan(&JOBS, None).await.unwrap();
    let left: std::collections::BTreeSet<_> = left.iter().map(|item| Key::of(item).unwrap().sk).collect();
    assert_eq!(left, ["ACTIVE"].map(str::to_owned).into());
}

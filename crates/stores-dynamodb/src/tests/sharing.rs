//! Several processes at the same owner's exports.

use std::collections::BTreeSet;

use domain::export::Step;

use super::*;

/// Every segment is claimed once and counted once, whoever comes between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_share_the_work() {
    const SEGMENTS: u32 = 40;
    let Some(world) = World::new(Limits::default()).await else { return };
    world.planned(1, SEGMENTS).await;
    let work = |number: u128, stores: DynamoStores| async move {
        let mut done = Vec::new();
        while let Some(claimed) = stores.claim(&acme(), worker(number), 3).await.unwrap() {
            assert!(stores.beat(&claimed.leases).await.unwrap().iter().all(|held| *held));
            for lease in claimed.leases {
                if lease.step == Step::Assemble {
                    return done;
                }
                let recorded = stores.record(&lease, built(1), Then::LetGo).await.unwrap();
                assert_ne!(recorded, Recorded::Fenced);
                done.push(lease.step);
            }
        }
        done
    };
    let mut workers = Vec::new();
    for number in 1..=4 {
        let stores = another(&options(&world.tables), &world.clock, &Limits::default()).await;
        workers.push(tokio::spawn(work(number, stores)));
    }
    let mut claimed = Vec::new();
    for worker in workers {
        claimed.extend(worker.await.unwrap());
    }
    assert_eq!(claimed.len(), SEGMENTS as usize, "a step was claimed twice, or never");
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), SEGMENTS as usize);
    let export = world.stores.get(&acme(), id(1)).await.unwrap().unwrap();
    assert_eq!((export.rows, export.bytes, export.built_parts), (40, 400, 40), "a write was lost");
}

/// Places are given out one by one, whoever creates.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_creations_at_once_keep_to_the_places() {
    let Some(world) = World::new(Limits::default()).await else { return };
    let creations = (1..=8).map(|number| {
        let stores = world.stores.clone();
        tokio::spawn(async move { stores.create(new(number)).await.unwrap() })
    });
    for creation in creations.collect::<Vec<_>>() {
        creation.await.unwrap();
    }
    let states: Vec<_> =
        world.stores.unsettled(&acme()).await.unwrap().iter().map(|export| export.state.name()).collect();
    assert_eq!(states.iter().filter(|state| **state == "running").count(), 2, "{states:?}");
    assert_eq!(states.len(), 8);
}

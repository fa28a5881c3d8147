//! Damages to the plan object while its export runs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use artifacts::{ObjectName, Prefix};
use domain::export::Outcome;
use domain::owner::Owner;
use queue::{Queue, Wake};
use stores::Jobs;
use testkit::{Act, Damage, Dice, Moment};

use crate::lane::{End, Lane, lanes, run};
use crate::{PLANS, Tally, share};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_plan_never_makes_a_wrong_archive() {
    let (system, lanes) = lanes(6, |seed| seed % 2 == 0).await;
    let struck = Arc::new(Mutex::new((Dice::new(5), HashSet::new())));
    let (of, inside) = (Arc::clone(&struck), Arc::downgrade(&system));
    system.on(move |moment| {
        let Moment::Record(lease, outcome) = moment else { return None };
        let system = inside.upgrade()?;
        let (dice, done) = &mut *of.lock().unwrap();
        // As soon as the job store is about to know of it, or not before the first part is built.
        let now = match outcome {
            Outcome::Planned(_) => dice.once_in(2),
            Outcome::SegmentDone { .. } => true,
            _ => false,
        };
        if now && done.insert(lease.export) {
            Damage::strike(dice, &system.path_of(&ObjectName::plan(&lease.owner, lease.export)));
        }
        None::<Act>
    });
    let tally = run(&system, lanes, share(PLANS), strike).await;
    assert_eq!(struck.lock().unwrap().1.len(), share(PLANS));
    tally.say("plans", share(PLANS));
    system.assert_nothing_left().await;
}

async fn strike(lane: Lane, times: usize) -> Tally {
    let owner = Owner::Organisation(lane.org.parse().unwrap());
    let objects_of_one = lane.system.objects(&Prefix::PartsOf(owner.clone())).await.len();
    let (mut tally, mut succeeded) = (Tally::default(), 1);
    for _ in 0..times {
        match lane.export("a damage to its plan").await {
            End::Same { .. } => {
                succeeded += 1;
                tally.count("in bytes that were not needed any more");
            }
            End::Failed => tally.count("found"),
        }
    }
    for export in lane.system.jobs.list(&owner, None, u32::MAX).await.unwrap() {
        // Kept for a retry until somebody says that there will be none.
        if export.can_be_retried() {
            lane.system.jobs.cancel(&owner, export.id).await.unwrap();
            lane.system.queue.push(Wake::of(owner.clone())).await.unwrap();
            lane.system.settled(&export).await;
        }
    }
    // What failed took its own parts along, though its plan did not say any more where they are.
    if !lane.request.reuse {
        assert_eq!(lane.system.objects(&Prefix::PartsOf(owner)).await.len(), succeeded * objects_of_one);
    }
    tally
}

//! Damages to stored parts and the records beside them, before an export that would reuse them.

use artifacts::Prefix;
use domain::owner::Owner;
use testkit::{Damage, Dice};

use crate::lane::{End, Lane, lanes, run};
use crate::{PARTS, Tally, share};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_part_never_gets_into_an_archive() {
    let (system, lanes) = lanes(6, |_| true).await;
    let tally = run(&system, lanes, share(PARTS), strike).await;
    tally.say("parts and their records", share(PARTS));
    system.assert_nothing_left().await;
}

async fn strike(lane: Lane, times: usize) -> Tally {
    let (mut dice, mut tally) = (Dice::new(lane.seed), Tally::default());
    let owner = Owner::Organisation(lane.org.parse().unwrap());
    let objects = lane.system.objects(&Prefix::PartsOf(owner)).await;
    for _ in 0..times {
        let object = dice.pick(&objects);
        let path = lane.system.path_of(object);
        let (damage, good) = Damage::strike(&mut dice, &path);
        let end = lane.export(&format!("{damage:?} in {object}")).await;
        match end {
            End::Same { built_parts: 1 } => {
                assert!(std::fs::read(&path).unwrap() == good, "{object} was built again as something else");
                tally.count("found, built again");
            }
            // The end of a zip's part, its own directory, goes into no archive.
            End::Same { .. } => tally.count("in bytes that no archive takes"),
            End::Failed => panic!("a part could not be built again after {damage:?} in {object}"),
        }
        std::fs::write(&path, good).unwrap();
    }
    tally
}

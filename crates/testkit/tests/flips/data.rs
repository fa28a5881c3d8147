//! Damages to Parquet files and the sums beside them.

use std::path::PathBuf;
use std::sync::Arc;

use domain::calendar::DateRange;
use domain::request::Request;
use domain::time::{Day, SECOND};
use testkit::{Damage, Dice, Settings, System, message, request};

use crate::lane::{End, Lane, lanes, run};
use crate::{DATA_FILES, LARGE_FILE, Tally, share};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_data_never_gets_into_an_archive() {
    let (system, lanes) = lanes(6, |_| false).await;
    let tally = run(&system, lanes, share(DATA_FILES), strike).await;
    tally.say("data files and their sums", share(DATA_FILES));
    system.assert_nothing_left().await;
}

/// A file of many blocks, of which a local day needs only those of the evening.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_in_a_large_file_is_found_where_it_is_read() {
    let settings = Settings::default().limits(|limits| limits.segment_rows_target = 100_000);
    let system = Arc::new(System::with(settings).await);
    let (day, mut dice) = (Day(19_723), Dice::new(7));
    let noise = |dice: &mut Dice| (0..25).map(|_| format!("{:08x}", dice.below(1 << 32))).collect::<String>();
    let lines = (0..20_000).map(|number: i64| {
        message(&format!("m-{number}"), day.utc_start().plus(number * 4 * SECOND), &noise(&mut dice)).to_string()
    });
    system.ingest("large", &lines.collect::<Vec<_>>()).await;
    let range = DateRange::new(day.next(), day.next(), "Asia/Kolkata".parse().unwrap()).unwrap();
    let asked = Request { range: Some(range), reuse: false, ..request("2024-01-01", "2024-01-01") };
    let lane = Lane::new(&system, "large".to_owned(), asked, 7).await;
    let tally = run(&system, vec![lane], share(LARGE_FILE), strike).await;
    assert!(tally.0[NOT_NEEDED] > 0 && tally.0[FOUND] > tally.0[NOT_NEEDED], "{tally:?}");
    tally.say("a large data file", share(LARGE_FILE));
    system.assert_nothing_left().await;
}

const NOT_NEEDED: &str = "in blocks that were not needed";
const FOUND: &str = "found";

async fn strike(lane: Lane, times: usize) -> Tally {
    let (mut dice, mut tally) = (Dice::new(lane.seed), Tally::default());
    let files = data_files(&lane);
    assert!(!files.is_empty());
    for _ in 0..times {
        let path = dice.pick(&files);
        let (damage, good) = Damage::strike(&mut dice, path);
        match lane.export(&format!("{damage:?} in {}", path.display())).await {
            End::Same { .. } => tally.count(NOT_NEEDED),
            End::Failed => tally.count(FOUND),
        }
        std::fs::write(path, good).unwrap();
    }
    assert!(matches!(lane.export("nothing").await, End::Same { .. }));
    tally
}

/// The data files of the lane's organisation, with their sums.
fn data_files(lane: &Lane) -> Vec<PathBuf> {
    let folder = lane.system.folder().join("lake/messages/data").join(format!("organisation={}", lane.org));
    let days = std::fs::read_dir(folder).unwrap().map(|day| day.unwrap().path());
    let files = days.flat_map(|day| std::fs::read_dir(day).unwrap()).map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

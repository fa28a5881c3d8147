//! Objects that are written bit by bit.

use std::time::Duration;

use artifacts::Artifacts;

use crate::support::{MIB, World, archive, blocking, key, sample, store, upload, whole};

#[tokio::test]
async fn a_small_object_is_one_call_and_a_large_one_is_parts() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    let check = async |bytes: usize, calls: &[(&str, u32)]| {
        world.faults.count_anew();
        let bytes = sample(1, bytes);
        store(&artifacts, &archive(), &bytes).await.unwrap();
        let count = |operation: &str| {
            let tries = world.faults.tries();
            tries.iter().filter(|(call, _)| call.operation() == operation).map(|(_, tries)| tries).sum::<u32>()
        };
        for (operation, expected) in calls {
            assert_eq!(count(operation), *expected, "{operation} for {} bytes", bytes.len());
        }
        assert!(world.bucket.get(&key(&archive())).unwrap() == bytes);
    };
    check(0, &[("PutObject", 1), ("CreateMultipartUpload", 0)]).await;
    check(5 * MIB, &[("PutObject", 1), ("CreateMultipartUpload", 0)]).await;
    let parts = |count| [("PutObject", 0), ("CreateMultipartUpload", 1), ("UploadPart", count)];
    check(5 * MIB + 1, &parts(2)).await;
    check(21 * MIB, &parts(5)).await;
    assert_eq!(world.faults.most_tries(), 1);
    assert_eq!(world.bucket.uploads(), [""; 0]);
}

#[tokio::test]
async fn what_is_dropped_is_aborted() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    let upload = upload(&artifacts, &archive(), &sample(1, 17 * MIB)).await.unwrap();
    let begun = async {
        while world.bucket.uploads().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), begun).await.expect("the upload begins");
    drop(upload);
    world.no_uploads().await;
    assert_eq!(artifacts.size(&archive()).await.unwrap(), None);
}

#[tokio::test]
async fn what_dead_processes_left_is_swept_by_its_age() {
    let Some(world) = World::new() else { return };
    let day = world.artifacts(|_| {}).await;
    let now = world.artifacts(|options| options.abandoned_after = Duration::ZERO).await;
    for number in 0..3 {
        day.bucket().begin(&format!("parts/{number}")).await.unwrap();
    }
    // Another's, beside the prefix.
    assert_eq!(world.bucket.ask("POST", "elsewhere?uploads", &[], b"").status, 200);
    assert_eq!(day.sweep().await.unwrap(), 0);
    assert_eq!(now.sweep().await.unwrap(), 3);
    assert_eq!(now.sweep().await.unwrap(), 0);
    assert_eq!(world.bucket.uploads(), ["elsewhere"]);
}

#[tokio::test]
async fn a_header_is_patched_when_its_part_would_be_gone() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    let mut expected = sample(3, 16 * MIB);
    let (mut upload, bytes) = (artifacts.begin(&archive()).await.unwrap(), expected.clone());
    let upload = blocking(move || {
        // Over the edge of the first two parts.
        let header = (5 * MIB - 20) as u64..(5 * MIB + 20) as u64;
        upload.append(&bytes[..5 * MIB - 20]).unwrap();
        upload.will_patch(header.clone()).unwrap();
        upload.append(&bytes[5 * MIB - 20..]).unwrap();
        upload.patch(header.start, &[0xee; 40]).unwrap();
        // It is on its way by now.
        assert!(upload.patch(0, &[0]).is_err());
        upload
    })
    .await;
    blocking(move || upload.finish()).await.unwrap();
    expected[5 * MIB - 20..5 * MIB + 20].fill(0xee);
    assert!(whole(&artifacts, &archive()).await.unwrap().unwrap() == expected);
}

//! A way to the server that breaks: detected or tried again, never a wrong object, at most five tries a call.

use std::time::Duration;

use artifacts::{ArtifactError, Artifacts, Piece, Put};
use bytes::Bytes;
use crc64::Crc64;
use engines::{Fault, Rule};
use s3::S3Artifacts;

use crate::support::{MIB, World, archive, blocking, copy_of, part, pieces, sample, store, upload, whole};

/// How often a step is taken, as the worker does: a call out of tries ends it, and it is done again.
const STEPS: usize = 20;

/// Does something until it succeeds; only what may be done again is.
async fn again<T>(mut step: impl AsyncFnMut() -> Result<T, ArtifactError>) -> T {
    for _ in 0..STEPS {
        match step().await {
            Ok(value) => return value,
            Err(error) => assert!(error.retryable(), "{error:?}"),
        }
    }
    panic!("not done in {STEPS} steps");
}

/// All that is done with artifacts, each compared with what must come of it.
async fn everything(artifacts: &S3Artifacts) {
    let (large, small) = (sample(1, 12 * MIB), sample(2, 70_000));
    again(async || artifacts.put(&part(2), small.clone().into()).await).await;
    again(async || store(artifacts, &part(1), &large).await).await;
    let list = || {
        let tail = Piece::Bytes(Bytes::from_static(b"tail"));
        pieces(vec![copy_of(part(2), &small), copy_of(part(1), &large), tail])
    };
    let expected = [&small[..], &large, b"tail"].concat();
    let assembled = again(async || artifacts.assemble(&archive(), list()).await).await;
    assert_eq!(assembled.crc64nvme, Crc64::of(&expected).value);
    assert!(again(async || whole(artifacts, &archive()).await).await.unwrap() == expected);
    let range = 5 * MIB..5 * MIB + 1_000;
    let read = again(async || artifacts.read(&archive(), range.start as u64..range.end as u64).await).await;
    assert!(read.unwrap() == expected[range]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("q.zip");
    again(async || artifacts.copy_to(&archive(), &file, Some(assembled.crc64nvme)).await).await;
    assert!(std::fs::read(&file).unwrap() == expected);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(again(async || artifacts.delete(&part(1)).await).await);
}

#[tokio::test]
async fn a_third_of_the_calls_is_refused() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    world.faults.add(Rule::new(Fault::SLOW_DOWN).percent(30, 1));
    everything(&artifacts).await;
    assert!(world.faults.broken() > 2, "{}", world.faults.broken());
    world.faults.clear();
    world.no_uploads().await;
}

#[tokio::test]
async fn a_server_that_always_refuses_is_asked_five_times() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    world.faults.add(Rule::new(Fault::SLOW_DOWN));
    let error = artifacts.size(&archive()).await.unwrap_err();
    assert!(error.retryable());
    assert!(artifacts.put(&archive(), Bytes::new()).await.is_err());
    assert!(artifacts.read(&archive(), 0..1).await.is_err());
    let tries = world.faults.tries();
    assert!(tries.len() == 3 && tries.iter().all(|(_, tries)| *tries == 5), "{tries:?}");
    // A look at readiness does not try again.
    world.faults.count_anew();
    assert!(artifacts.ping().await.is_err());
    assert_eq!(world.faults.most_tries(), 1);
}

#[tokio::test]
async fn calls_take_two_seconds() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    world.faults.add(Rule::new(Fault::Delay(Duration::from_secs(2))));
    let bytes = sample(1, 6 * MIB);
    let small = Bytes::from_static(b"small");
    let (one, two) = (part(1), part(2));
    let (stored, put) = tokio::join!(store(&artifacts, &one, &bytes), artifacts.put(&two, small));
    stored.unwrap();
    assert_eq!(put.unwrap(), Put::Stored);
    assert!(whole(&artifacts, &part(1)).await.unwrap().unwrap() == bytes);
    assert_eq!(world.faults.most_tries(), 1);
    // Too slow for a look at readiness.
    assert!(artifacts.ping().await.is_err());
}

#[tokio::test]
async fn a_try_has_a_deadline() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|options| options.tries.deadline = Duration::from_millis(300)).await;
    world.faults.add(Rule::new(Fault::Delay(Duration::from_secs(60))).times(2));
    assert_eq!(artifacts.size(&part(1)).await.unwrap(), None);
    assert_eq!(world.faults.most_tries(), 3);
}

#[tokio::test]
async fn bodies_are_cut_short() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    for after_bytes in [0, 1, 1_000, 5_000_000] {
        world.faults.add(Rule::new(Fault::CutBody { after_bytes }).on("GetObject").percent(15, after_bytes));
    }
    world.faults.add(Rule::new(Fault::CutBody { after_bytes: 20 }).percent(10, 3));
    everything(&artifacts).await;
    assert!(world.faults.most_tries() <= 5, "{}", world.faults.most_tries());
    world.faults.clear();
}

#[tokio::test]
async fn answers_are_lost_once_the_server_has_done_it() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    for operation in ["PutObject", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "DeleteObject"] {
        world.faults.add(Rule::new(Fault::LoseAnswer).on(operation).times(2));
    }
    // Each is done at the first go: the second try finds it done.
    let small = Bytes::from_static(b"small");
    artifacts.put(&part(3), small.clone()).await.unwrap();
    assert_eq!(artifacts.put(&part(3), small.clone()).await.unwrap(), Put::Already);
    let conflict = artifacts.put(&part(3), Bytes::from_static(b"other")).await;
    assert!(matches!(conflict, Err(ArtifactError::Conflict { .. })), "{conflict:?}");
    let large = sample(1, 12 * MIB);
    store(&artifacts, &part(1), &large).await.unwrap();
    assert!(whole(&artifacts, &part(1)).await.unwrap().unwrap() == large);
    world.faults.add(Rule::new(Fault::LoseAnswer).on("CompleteMultipartUpload").times(2));
    let list = pieces(vec![copy_of(part(1), &large), copy_of(part(3), &small)]);
    artifacts.assemble(&archive(), list).await.unwrap();
    assert!(whole(&artifacts, &archive()).await.unwrap().unwrap() == [&large[..], &small].concat());
    assert!(artifacts.delete(&archive()).await.unwrap());
    assert!(world.faults.broken() >= 10, "{}", world.faults.broken());
    assert!(world.faults.most_tries() <= 5, "{}", world.faults.most_tries());
    world.no_uploads().await;
}

#[tokio::test]
async fn an_upload_that_is_complete_is_gone_for_the_second_try() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    let bytes = sample(1, 6 * MIB);
    world.faults.add(Rule::new(Fault::LoseAnswer).on("CompleteMultipartUpload").times(1));
    world.faults.add(Rule::new(Fault::Answer(404, "NoSuchUpload")).on("CompleteMultipartUpload").times(1));
    store(&artifacts, &part(1), &bytes).await.unwrap();
    assert!(whole(&artifacts, &part(1)).await.unwrap().unwrap() == bytes);
    // Where nobody completed it, it is an error.
    world.faults.add(Rule::new(Fault::Answer(404, "NoSuchUpload")).on("CompleteMultipartUpload").times(1));
    assert!(store(&artifacts, &part(2), &bytes).await.is_err());
    assert_eq!(artifacts.size(&part(2)).await.unwrap(), None);
    world.no_uploads().await;
}

#[tokio::test]
async fn an_upload_that_nobody_knows_of_is_swept() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|options| options.abandoned_after = Duration::ZERO).await;
    world.faults.add(Rule::new(Fault::LoseAnswer).on("CreateMultipartUpload").times(1));
    let bytes = sample(1, 6 * MIB);
    store(&artifacts, &part(1), &bytes).await.unwrap();
    assert!(whole(&artifacts, &part(1)).await.unwrap().unwrap() == bytes);
    assert_eq!(world.bucket.uploads().len(), 1);
    assert_eq!(artifacts.sweep().await.unwrap(), 1);
    assert_eq!(world.bucket.uploads(), [""; 0]);
}

#[tokio::test]
async fn completing_fails_behind_an_answer_that_began_well() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    world.faults.add(Rule::new(Fault::Answer(200, "InternalError")).on("CompleteMultipartUpload").times(2));
    let bytes = sample(1, 6 * MIB);
    store(&artifacts, &part(1), &bytes).await.unwrap();
    assert!(whole(&artifacts, &part(1)).await.unwrap().unwrap() == bytes);
    assert_eq!(world.faults.most_tries(), 3);
}

#[tokio::test]
async fn an_upload_ends_with_its_first_part_that_cannot_be_sent() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    world.faults.add(Rule::new(Fault::Answer(403, "AccessDenied")).on("UploadPart"));
    let bytes = sample(1, 40 * MIB);
    let ended = match upload(&artifacts, &part(1), &bytes).await {
        Ok(upload) => blocking(move || upload.finish()).await.map(drop),
        Err(error) => Err(error),
    };
    let Err(ArtifactError::Io { source, .. }) = ended else { panic!("{ended:?}") };
    assert!(source.to_string().contains("AccessDenied"), "{source}");
    assert_eq!(artifacts.size(&part(1)).await.unwrap(), None);
    world.no_uploads().await;
}

#[tokio::test]
async fn one_bit_of_what_is_read_is_another_one() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    let (large, small) = (sample(1, 12 * MIB), sample(2, 70_000));
    store(&artifacts, &part(1), &large).await.unwrap();
    store(&artifacts, &part(2), &small).await.unwrap();
    let list = || pieces(vec![copy_of(part(2), &small), copy_of(part(1), &large)]);
    let expected = [&small[..], &large].concat();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("q.zip");
    for seed in 0..6 {
        world.faults.clear();
        world.faults.add(Rule::new(Fault::FlipBit).on("GetObject").percent(100, seed).times(1));
        // Never a wrong archive, and no part is blamed for what happened on the way.
        let assembled = again(async || artifacts.assemble(&archive(), list()).await).await;
        assert_eq!(assembled.crc64nvme, Crc64::of(&expected).value);
        world.faults.clear();
        assert!(whole(&artifacts, &archive()).await.unwrap().unwrap() == expected);
        world.faults.add(Rule::new(Fault::FlipBit).on("GetObject").percent(100, seed).times(1));
        let wrong = artifacts.copy_to(&archive(), &file, Some(assembled.crc64nvme)).await;
        assert!(matches!(wrong, Err(ArtifactError::Corrupt { .. })) && !file.exists(), "{wrong:?}");
    }
    assert_eq!(
        artifacts.copy_to(&archive(), &file, Some(Crc64::of(&expected).value)).await.unwrap(),
        12 * MIB as u64 + 70_000
    );
}

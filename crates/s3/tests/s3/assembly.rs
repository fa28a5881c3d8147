//! Archives put together at the server, from pieces of all sizes.

use artifacts::{ArtifactError, Artifacts, Assembled, Piece};
use bytes::Bytes;
use crc64::Crc64;
use s3::S3Artifacts;

use crate::support::{MIB, World, archive, copy_of, fresh, key, part, pieces, sample, store, whole};

/// Stored objects of these sizes, and pieces that copy them whole.
async fn stored(artifacts: &S3Artifacts, sizes: &[usize]) -> (Vec<Piece>, Vec<u8>) {
    let (mut list, mut expected) = (Vec::new(), Vec::new());
    for (number, size) in (1..).zip(sizes) {
        let bytes = sample(number, *size);
        store(artifacts, &part(number), &bytes).await.unwrap();
        list.push(copy_of(part(number), &bytes));
        expected.extend_from_slice(&bytes);
    }
    (list, expected)
}

#[tokio::test]
async fn pieces_around_the_borders_become_one_object() {
    let Some((_bucket, artifacts)) = fresh().await else { return };
    for sizes in [
        &[5 * MIB][..],
        &[5 * MIB, 1],
        &[5 * MIB - 1, 5 * MIB - 1],
        &[5 * MIB, 5 * MIB, 5 * MIB + 1],
        &[3, 10 * MIB - 3, 3, 10 * MIB - 4, 2],
        &[100_000, 200_000, 0, 6 * MIB, 300_000, 11 * MIB, 1],
        &[17 * MIB, 40, 1],
    ] {
        let (mut list, mut expected) = stored(&artifacts, sizes).await;
        list.insert(0, Piece::Bytes(Bytes::from_static(b"header,line\r\n")));
        list.push(Piece::Bytes(sample(99, 9 * MIB).into()));
        expected.splice(..0, b"header,line\r\n".iter().copied());
        expected.extend_from_slice(&sample(99, 9 * MIB));
        let assembled = artifacts.assemble(&archive(), pieces(list)).await.unwrap();
        let crc = Crc64::of(&expected);
        assert_eq!(assembled, Assembled { bytes: crc.bytes, crc64nvme: crc.value }, "{sizes:?}");
        assert!(whole(&artifacts, &archive()).await.unwrap().unwrap() == expected, "{sizes:?}");
    }
}

#[tokio::test]
async fn a_range_within_an_object_is_copied() {
    let Some((_bucket, artifacts)) = fresh().await else { return };
    let bytes = sample(1, 14 * MIB);
    store(&artifacts, &part(1), &bytes).await.unwrap();
    let (start, middle, end) = (777, 6 * MIB, 13 * MIB + 5);
    let checks = vec![Crc64::of(&bytes[start..middle]), Crc64::of(&bytes[middle..end])];
    let list = vec![Piece::Copy { from: part(1), offset: start as u64, checks }];
    artifacts.assemble(&archive(), pieces(list)).await.unwrap();
    assert!(whole(&artifacts, &archive()).await.unwrap().unwrap() == bytes[start..end]);
}

#[tokio::test]
async fn a_flipped_bit_in_a_stored_part_is_found_and_the_part_named() {
    let Some(world) = World::new() else { return };
    for verify in [false, true] {
        let artifacts = world.artifacts(|options| options.verify_copies = verify).await;
        let (list, expected) = stored(&artifacts, &[6 * MIB, 100_000, 12 * MIB]).await;
        artifacts.assemble(&archive(), pieces(list.clone())).await.unwrap();
        for (number, at) in [(1, 6 * MIB - 1), (2, 5), (3, 0), (3, 11 * MIB)] {
            let good = world.bucket.get(&key(&part(number))).unwrap();
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            world.bucket.put(&key(&part(number)), &bad);
            let found = artifacts.assemble(&archive(), pieces(list.clone())).await;
            let is_named = matches!(&found, Err(ArtifactError::Corrupt { object, .. }) if *object == part(number));
            assert!(is_named, "part {number}, byte {at}: {found:?}");
            world.bucket.put(&key(&part(number)), &good);
        }
        // What lay there before is left.
        assert!(whole(&artifacts, &archive()).await.unwrap().unwrap() == expected);
        world.no_uploads().await;
    }
}

#[tokio::test]
async fn a_part_that_is_gone_or_short_is_named() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    let (list, _) = stored(&artifacts, &[6 * MIB, 100_000, 12 * MIB]).await;
    for number in 1..=3 {
        let good = world.bucket.get(&key(&part(number))).unwrap();
        for short in [None, Some(&good[..good.len() - 1]), Some(&good[..1])] {
            match short {
                Some(short) => world.bucket.put(&key(&part(number)), short),
                None => assert!(artifacts.delete(&part(number)).await.unwrap()),
            }
            let found = artifacts.assemble(&archive(), pieces(list.clone())).await;
            let is_named = matches!(&found, Err(ArtifactError::Missing { object }) if *object == part(number));
            assert!(is_named, "part {number}, {:?} bytes: {found:?}", short.map(<[u8]>::len));
        }
        world.bucket.put(&key(&part(number)), &good);
    }
    assert_eq!(artifacts.size(&archive()).await.unwrap(), None);
    world.no_uploads().await;
}

#[tokio::test]
async fn large_pieces_do_not_come_through_this_process() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    let (mut list, _) = stored(&artifacts, &[6 * MIB, 7 * MIB, 12 * MIB]).await;
    list.push(Piece::Bytes(Bytes::from_static(b"directory")));
    world.faults.count_anew();
    artifacts.assemble(&archive(), pieces(list)).await.unwrap();
    let tries = world.faults.tries();
    let count = |operation| tries.iter().filter(|(call, _)| call.operation() == operation).count();
    let calls = (count("UploadPartCopy"), count("CompleteMultipartUpload"));
    assert_eq!(calls, (3 + 1, 1 + 1), "and one each to learn what the server compares");
    // A server that compares whole objects is asked for nothing else.
    let compares = artifacts.bucket().compares_whole_objects().await.unwrap();
    assert_eq!(count("GetObject") == 0, compares);
}

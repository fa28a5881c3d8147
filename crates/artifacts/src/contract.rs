//! What every storage of artifacts must do; an adapter runs it by [`artifacts_contract!`](crate::artifacts_contract).

mod uploads;

use bytes::Bytes;
use domain::content_key::ContentKey;
use domain::time::Day;

pub use self::uploads::{
    an_upload_appears_when_it_is_finished, announced_bytes_are_patched_late, appended_bytes_are_patched,
};
use crate::{ArtifactError, Artifacts, Assembled, ObjectName, Piece, Pieces, Prefix, Put};
use crc64::Crc64;

/// Makes a test of each check. `$make` gives something to keep during a test, and an empty storage.
#[macro_export]
macro_rules! artifacts_contract {
    ($make:expr) => {
        $crate::artifacts_contract!($make; an_object_is_put_once ranges_are_read an_upload_appears_when_it_is_finished
            appended_bytes_are_patched announced_bytes_are_patched_late pieces_become_one_object a_changed_piece_is_found a_missing_piece_is_found
            objects_are_listed_and_deleted an_object_is_handed_out);
    };
    ($make:expr; $($check:ident)*) => {
        mod contract {
            use super::*;

            $(#[tokio::test]
            async fn $check() {
                let (_keep, artifacts) = $make;
                $crate::contract::$check(artifacts).await.expect("the storage answers");
            })*
        }
    };
}

fn part(number: u8) -> ObjectName {
    ObjectName::part(
        &"org.acme".parse().expect("a good owner"),
        Day(19_000 + i32::from(number)),
        ContentKey([number; 32]),
    )
}

fn archive() -> ObjectName {
    let (owner, export) = ("org.acme".parse(), "01890a5d-ac96-774b-bcce-b302099a8057".parse());
    let name = ObjectName::archive(&owner.expect("a good owner"), export.expect("a good id"), "q.zip");
    name.expect("a good file name")
}

/// Bytes without a pattern of a power of two.
fn sample(seed: u8, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n % 251) as u8 ^ (n / 251) as u8 ^ seed).collect()
}

fn pieces(pieces: Vec<Piece>) -> Pieces {
    Box::new(pieces.into_iter().map(Ok))
}

async fn store(artifacts: &impl Artifacts, name: &ObjectName, bytes: &[u8]) -> Result<(), ArtifactError> {
    let (mut upload, bytes) = (artifacts.begin(name).await?, bytes.to_vec());
    blocking(move || {
        upload.append(&bytes)?;
        assert_eq!(upload.finish()?, bytes.len() as u64);
        Ok(())
    })
    .await
}

/// An upload's calls block, so they are made where that is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, ArtifactError> {
    tokio::task::spawn_blocking(work).await.expect("no panic in a check")
}

async fn whole(artifacts: &impl Artifacts, name: &ObjectName) -> Result<Option<Bytes>, ArtifactError> {
    artifacts.read_whole(name, 1 << 30).await
}

/// The same bytes may come again, others are refused and leave what is there.
pub async fn an_object_is_put_once(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    assert_eq!(artifacts.put(&part(1), Bytes::from_static(b"one")).await?, Put::Stored);
    assert_eq!(artifacts.put(&part(1), Bytes::from_static(b"one")).await?, Put::Already);
    let other = artifacts.put(&part(1), Bytes::from_static(b"two")).await;
    assert!(matches!(other, Err(ArtifactError::Conflict { object }) if object == part(1)));
    assert_eq!(whole(&artifacts, &part(1)).await?.as_deref(), Some(&b"one"[..]));
    assert_eq!(artifacts.put(&part(2), Bytes::new()).await?, Put::Stored);
    assert_eq!(whole(&artifacts, &part(2)).await?.as_deref(), Some(&b""[..]));
    artifacts.ping().await
}

/// A range is all there or an error; no object is `None`.
pub async fn ranges_are_read(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    artifacts.put(&part(1), Bytes::from_static(b"0123456789")).await?;
    assert_eq!(artifacts.read(&part(1), 2..5).await?.as_deref(), Some(&b"234"[..]));
    assert_eq!(artifacts.read(&part(1), 10..10).await?.as_deref(), Some(&b""[..]));
    for range in [9..11, 11..12, 0..u64::MAX] {
        let short = artifacts.read(&part(1), range).await;
        assert!(matches!(short, Err(ArtifactError::Missing { .. })), "{short:?}");
    }
    assert_eq!(artifacts.size(&part(1)).await?, Some(10));
    assert!(matches!(artifacts.read_whole(&part(1), 9).await, Err(ArtifactError::OutOfRange { end: 10, .. })));
    assert_eq!(artifacts.read(&part(2), 0..1).await?, None);
    assert_eq!(artifacts.size(&part(2)).await?, None);
    assert_eq!(whole(&artifacts, &part(2)).await?, None);
    Ok(())
}

/// Ranges and bytes one behind the other, with the check sum of the whole.
pub async fn pieces_become_one_object(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    let (one, two) = (sample(1, 2_500_000), sample(2, 1_000));
    store(&artifacts, &part(1), &one).await?;
    store(&artifacts, &part(2), &two).await?;
    let checks = vec![Crc64::of(&one[10..1_200_000]), Crc64::of(&one[1_200_000..2_400_000])];
    let list = vec![
        Piece::Bytes(Bytes::from_static(b"head")),
        Piece::Copy { from: part(1), offset: 10, checks },
        Piece::Copy { from: part(2), offset: 0, checks: vec![Crc64::of(&two)] },
        Piece::Bytes(Bytes::new()),
        Piece::Copy { from: part(2), offset: 1_000, checks: vec![Crc64::EMPTY] },
        Piece::Bytes(Bytes::from_static(b"tail")),
    ];
    let expected = [b"head", &one[10..2_400_000], &two, b"tail"].concat();
    let assembled = artifacts.assemble(&archive(), pieces(list)).await?;
    assert_eq!(assembled, Assembled { bytes: expected.len() as u64, crc64nvme: Crc64::of(&expected).value });
    assert!(whole(&artifacts, &archive()).await? == Some(expected.into()));
    let empty = artifacts.assemble(&archive(), pieces(Vec::new())).await?;
    assert_eq!(empty, Assembled { bytes: 0, crc64nvme: 0 });
    assert_eq!(artifacts.size(&archive()).await?, Some(0));
    Ok(())
}

/// Each flipped bit of a range, and each check that is not met, ends the assembly with the name of the object.
pub async fn a_changed_piece_is_found(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    let good = sample(3, 400);
    let check = Crc64::of(&good);
    let copy = |check| vec![Piece::Copy { from: part(1), offset: 0, checks: vec![check] }];
    for bit in (0..good.len() * 8).step_by(97) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        store(&artifacts, &part(1), &bad).await?;
        let found = artifacts.assemble(&archive(), pieces(copy(check))).await;
        assert!(matches!(found, Err(ArtifactError::Corrupt { object, .. }) if object == part(1)), "bit {bit}");
    }
    store(&artifacts, &part(1), &good).await?;
    let other = Crc64 { value: check.value ^ 1, ..check };
    let found = artifacts.assemble(&archive(), pieces(copy(other))).await;
    assert!(matches!(found, Err(ArtifactError::Corrupt { .. })));
    assert_eq!(artifacts.size(&archive()).await?, None);
    artifacts.assemble(&archive(), pieces(copy(check))).await?;
    Ok(())
}

/// An object that is gone or short is named; an error among the pieces ends the assembly as it is.
pub async fn a_missing_piece_is_found(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    let bytes = sample(4, 100);
    let copy = |from, offset| Piece::Copy { from, offset, checks: vec![Crc64::of(&bytes)] };
    store(&artifacts, &part(1), &bytes).await?;
    for (from, offset) in [(2, 0), (1, 1), (1, 1_000)] {
        let found = artifacts.assemble(&archive(), pieces(vec![copy(part(1), 0), copy(part(from), offset)])).await;
        assert!(matches!(found, Err(ArtifactError::Missing { object }) if object == part(from)));
    }
    let broken = [Ok(copy(part(1), 0)), Err(ArtifactError::Pieces("no more".into()))];
    let found = artifacts.assemble(&archive(), Box::new(broken.into_iter())).await;
    assert!(matches!(found, Err(ArtifactError::Pieces(_))));
    assert_eq!(artifacts.size(&archive()).await?, None);
    Ok(())
}

/// Each once over all pages, by prefix.
pub async fn objects_are_listed_and_deleted(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    let day = Day(19_001);
    let owners = ["org.a", "org.a-b", "org.ab"].map(|owner| owner.parse().expect("a good owner"));
    let mut names = vec![archive()];
    for owner in &owners {
        names.push(ObjectName::part(owner, day, ContentKey([1; 32])));
        names.push(ObjectName::part_summary(owner, day, ContentKey([1; 32])));
        names.push(ObjectName::part(owner, day.next(), ContentKey([2; 32])));
    }
    for name in &names {
        artifacts.put(name, Bytes::from_static(b"x")).await?;
    }
    for (prefix, count) in [
        (Prefix::Parts, 9),
        (Prefix::PartsOf(owners[0].clone()), 3),
        (Prefix::PartsOn(owners[1].clone(), day), 2),
        (Prefix::Archives, 1),
        (Prefix::Plans, 0),
    ] {
        let mut found = Vec::new();
        loop {
            let page = artifacts.list(&prefix, found.last(), 2).await?;
            found.extend(page.clone());
            if page.len() < 2 {
                break;
            }
        }
        assert!(found.iter().all(|name| prefix.contains(name) && names.contains(name)), "{prefix}");
        found.sort();
        found.dedup();
        assert_eq!(found.len(), count, "{prefix}");
    }
    for name in &names {
        assert!(artifacts.delete(name).await?);
        assert!(!artifacts.delete(name).await?);
    }
    assert_eq!(artifacts.list(&Prefix::Parts, None, 100).await?, []);
    assert_eq!(artifacts.sweep().await?, 0);
    Ok(())
}

/// A copy of the very bytes, in place of what lay there; one that does not agree with its check sum never appears.
pub async fn an_object_is_handed_out(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    let folder = tempfile::tempdir().map_err(ArtifactError::io("make a folder"))?;
    let destination = folder.path().join("q.zip");
    let bytes = sample(5, 2_000_000);
    store(&artifacts, &archive(), &bytes).await?;
    let missing = artifacts.copy_to(&part(9), &destination, None).await;
    assert!(matches!(missing, Err(ArtifactError::Missing { .. })));
    let wrong = artifacts.copy_to(&archive(), &destination, Some(1)).await;
    assert!(matches!(wrong, Err(ArtifactError::Corrupt { .. })));
    assert!(!destination.exists());
    for check in [None, Some(Crc64::of(&bytes).value)] {
        assert_eq!(artifacts.copy_to(&archive(), &destination, check).await?, bytes.len() as u64);
        assert!(std::fs::read(&destination).is_ok_and(|copy| copy == bytes));
    }
    assert_eq!(std::fs::read_dir(folder.path()).map_err(ArtifactError::io("list a folder"))?.count(), 1);
    Ok(())
}

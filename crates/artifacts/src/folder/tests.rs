//! The folder's own promises: what a killed process leaves is swept, what a living one holds is not, modes are private.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crc64::Crc64;
use domain::clock::ManualClock;
use domain::content_key::ContentKey;
use domain::random::Generator;
use domain::time::{Day, Micros};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::*;
use crate::Piece;

async fn open_seeded(root: &Path, seed: u64) -> FolderArtifacts {
    let clock = Arc::new(ManualClock::at(Micros(1_700_000_000_000_000)));
    FolderArtifacts::open(root, clock, Arc::new(Generator::<ChaCha8Rng>::seeded(seed))).await.unwrap()
}

async fn fresh() -> (TempDir, FolderArtifacts) {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = open_seeded(&folder.path().join("artifacts"), 1).await;
    (folder, artifacts)
}

crate::artifacts_contract!(fresh().await);

fn name(number: u8) -> ObjectName {
    ObjectName::part(&"org.acme".parse().unwrap(), Day(0), ContentKey([number; 32]))
}

/// Every file and folder below, with its mode.
fn tree(root: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found.push((path.clone(), fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o7777));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

/// Tells the child that it is one, and where to work.
const CHILD: &str = "OUTHAUL_TEST_ARTIFACTS_CHILD";

/// Runs [`a_process_that_ends_in_the_middle`] as a process of its own, under an open umask.
fn run_child(folder: &Path) {
    let done = std::process::Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "folder::tests::a_process_that_ends_in_the_middle"])
        .env(CHILD, folder)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(77), "{done:?}");
}

#[tokio::test]
async fn a_process_that_ends_in_the_middle() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let artifacts = open_seeded(&folder.join("artifacts"), 2).await;
    artifacts.put(&name(1), Bytes::from_static(b"whole")).await.unwrap();
    let mut upload = artifacts.begin(&name(2)).await.unwrap();
    upload.append(&vec![1; 2 << 20]).unwrap();
    let _beside = artifacts.workspace.create_beside(&folder.join("out.zip")).unwrap();
    std::process::exit(77);
}

#[tokio::test]
async fn what_the_dead_left_is_swept_and_what_the_living_hold_is_not() {
    let (folder, artifacts) = fresh().await;
    let mut upload = artifacts.begin(&name(3)).await.unwrap();
    upload.append(&vec![3; 2 << 20]).unwrap();
    let before = tree(folder.path());
    run_child(folder.path());
    let left: Vec<_> = tree(folder.path()).into_iter().filter(|entry| !before.contains(entry)).collect();
    let is_outside = |path: &Path| path.parent() == Some(folder.path());
    assert_eq!(left.iter().filter(|(path, _)| is_outside(path)).count(), 1, "{left:?}");
    // The upload and the note; the lock is not counted.
    assert_eq!(artifacts.sweep().await.unwrap(), 2);
    assert_eq!(artifacts.sweep().await.unwrap(), 0);
    let stays = |path: &PathBuf| path.starts_with(folder.path().join("artifacts/parts"));
    let now: Vec<_> = tree(folder.path()).into_iter().filter(|entry| !before.contains(entry)).collect();
    assert!(now.iter().all(|(path, _)| stays(path)), "{now:?}");
    assert_eq!(artifacts.read(&name(1), 0..5).await.unwrap().as_deref(), Some(&b"whole"[..]));
    upload.finish().unwrap();
    assert_eq!(artifacts.size(&name(3)).await.unwrap(), Some(2 << 20));
}

#[tokio::test]
async fn all_is_private_whatever_the_umask() {
    let (folder, artifacts) = fresh().await;
    run_child(folder.path());
    artifacts.copy_to(&name(1), &folder.path().join("out"), None).await.unwrap();
    let found = tree(folder.path());
    assert!(found.len() > 10, "{found:?}");
    for (path, mode) in found {
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[tokio::test]
async fn an_object_gets_a_second_name_if_it_is_what_is_expected() {
    let (folder, artifacts) = fresh().await;
    let bytes = vec![7; 700_000];
    let expected = Assembled { bytes: 700_000, crc64nvme: crc64::Crc64::of(&bytes).value };
    let other = Assembled { crc64nvme: 1, ..expected };
    artifacts.put(&name(1), bytes.into()).await.unwrap();
    assert!(!artifacts.share(&name(1), &name(2), other).await.unwrap());
    assert!(!artifacts.share(&name(3), &name(2), expected).await.unwrap());
    assert_eq!(artifacts.size(&name(2)).await.unwrap(), None);
    artifacts.put(&name(2), Bytes::from_static(b"gives way")).await.unwrap();
    // The second time it has the name already.
    for _ in 0..2 {
        assert!(artifacts.share(&name(1), &name(2), expected).await.unwrap());
        assert_eq!(artifacts.size(&name(2)).await.unwrap(), Some(700_000));
    }
    assert!(artifacts.delete(&name(1)).await.unwrap());
    assert_eq!(artifacts.size(&name(2)).await.unwrap(), Some(700_000));
    let temporary = tree(&folder.path().join("artifacts/tmp")).into_iter().filter(|(path, _)| path.is_file()).count();
    assert_eq!(temporary, 2, "the two locks");
}

#[tokio::test]
async fn a_process_leaves_nothing_when_it_ends_well() {
    let (folder, artifacts) = fresh().await;
    let mut upload = artifacts.begin(&name(1)).await.unwrap();
    upload.append(b"x").unwrap();
    drop(artifacts);
    assert_eq!(upload.finish().unwrap(), 1);
    let gate = folder.path().join("artifacts/tmp/lock");
    assert_eq!(tree(&folder.path().join("artifacts/tmp")), [(gate, 0o600)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn opening_and_sweeping_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("artifacts");
    let opening = (0..24).map(|seed| {
        let root = root.clone();
        tokio::spawn(async move {
            let artifacts = open_seeded(&root, seed).await;
            artifacts.sweep().await.unwrap();
            let mut upload = artifacts.begin(&name(seed as u8)).await.unwrap();
            upload.append(b"x").unwrap();
            artifacts.sweep().await.unwrap();
            upload.finish().unwrap();
        })
    });
    for opened in opening.collect::<Vec<_>>() {
        opened.await.unwrap();
    }
    assert_eq!(open_seeded(&root, 99).await.list(&Prefix::Parts, None, 99).await.unwrap().len(), 24);
}

#[tokio::test]
async fn two_processes_of_one_id_cannot_be() {
    let (folder, artifacts) = fresh().await;
    let clock = Arc::new(ManualClock::at(Micros(1_700_000_000_000_000)));
    let random = Arc::new(Generator::<ChaCha8Rng>::seeded(1));
    let twin = FolderArtifacts::open(&folder.path().join("artifacts"), clock, random).await;
    assert!(matches!(twin, Err(ArtifactError::Io { .. })));
    drop(artifacts);
}

#[tokio::test]
async fn files_that_are_not_ours_are_passed_over() {
    let (folder, artifacts) = fresh().await;
    artifacts.put(&name(1), Bytes::from_static(b"x")).await.unwrap();
    let parts = folder.path().join("artifacts/parts/org.acme");
    for other in ["stray", "1970-01-01/stray", "1970-01-01/stray.json"] {
        fs::write(parts.join(other), b"?").unwrap();
    }
    assert_eq!(artifacts.list(&Prefix::Parts, None, 10).await.unwrap(), [name(1)]);
    assert!(artifacts.delete(&name(1)).await.unwrap());
    assert!(parts.join("1970-01-01/stray").exists());
}

#[tokio::test]
async fn a_flipped_bit_on_the_disk_is_found_while_copying() {
    let (folder, artifacts) = fresh().await;
    let bytes = vec![5; 3 << 20];
    let check = Crc64::of(&bytes);
    artifacts.put(&name(1), bytes.clone().into()).await.unwrap();
    let path = folder.path().join("artifacts").join(name(1).to_string());
    let mut flipped = bytes;
    flipped[2 << 20] ^= 1;
    fs::write(&path, &flipped).unwrap();
    let pieces = || Box::new([Ok(Piece::Copy { from: name(1), offset: 0, checks: vec![check] })].into_iter());
    let found = artifacts.assemble(&name(2), pieces()).await;
    assert!(matches!(found, Err(ArtifactError::Corrupt { object, .. }) if object == name(1)));
    fs::write(&path, &flipped[..2 << 20]).unwrap();
    let found = artifacts.assemble(&name(2), pieces()).await;
    assert!(matches!(found, Err(ArtifactError::Missing { object }) if object == name(1)));
    assert_eq!(
        tree(&folder.path().join("artifacts/tmp")).len(),
        3,
        "only the locks and the folder of this process stay"
    );
}

#[tokio::test]
async fn blocks_that_are_shared_are_the_same_archive() {
    let (folder, artifacts) = fresh().await;
    let bytes: Vec<u8> = (0..1_500_000_u32).map(|i| (i * 31 % 251) as u8).collect();
    artifacts.put(&name(1), bytes.clone().into()).await.unwrap();
    let range = |start: usize, end: usize| Crc64::of(&bytes[start..end]);
    // At the start of a block, behind it, at the start of one again by chance, and behind bytes.
    let pieces = || {
        let copy = |offset: usize, checks| Ok(Piece::Copy { from: name(1), offset: offset as u64, checks });
        let pieces = [
            copy(0, vec![range(0, 600_000), range(600_000, 1_000_000)]),
            Ok(Piece::Bytes(vec![7; 3_520].into())),
            copy(4_096, vec![range(4_096, 1_500_000)]),
        ];
        Box::new(pieces.into_iter())
    };
    let expected = [&bytes[..1_000_000], &[7; 3_520], &bytes[4_096..]].concat();
    for (number, sharing) in [(2, share::Sharing::Nothing), (3, share::Sharing::Blocks)] {
        let upload = artifacts.upload(&name(number)).unwrap();
        let mut assembly = assemble::FolderAssembly::new(&artifacts, upload).with_sharing(sharing);
        let assembled = assembly::assemble(&mut assembly, pieces()).unwrap();
        assert_eq!(assembly.finish().unwrap(), expected.len() as u64);
        assert_eq!(assembled.crc64nvme, Crc64::of(&expected).value);
        let path = folder.path().join("artifacts").join(name(number).to_string());
        assert!(fs::read(path).unwrap() == expected, "{sharing:?}");
    }
}

//! Signing keys: files that nobody else reads, rotation with overlap.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::keys::{OVERLAP_SECONDS, Purpose, VERIFIES_SECONDS};
use api::{Keys, KeysError};
use axum::http::{Method, StatusCode};
use domain::clock::ManualClock;
use domain::random::Generator;
use serde_json::json;

use crate::support::{NOW, World};

fn open(folder: &Path, seed: u64) -> Result<Keys, KeysError> {
    let random = Generator::<rand_chacha::ChaCha20Rng>::seeded(seed);
    Keys::open(folder, Arc::new(ManualClock::at(NOW)), Arc::new(random))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn they_are_made_once_and_for_one_reader() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a/keys");
    let code = open(&folder, 1).unwrap().code(Purpose::Link, b"x");
    let made = files(&folder);
    assert_eq!(made.len(), 2);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert!(made.iter().all(|path| mode(path) == 0o600));
    let again = open(&folder, 2).unwrap();
    assert_eq!((files(&folder), again.code(Purpose::Link, b"x")), (made, code));
    assert!(again.code_matches(Purpose::Link, b"x", &code));
    assert!(!again.code_matches(Purpose::Refresh, b"x", &code) && !again.code_matches(Purpose::Link, b"y", &code));
    assert!(!again.code_matches(Purpose::Link, b"x", &code[..31]) && !again.code_matches(Purpose::Link, b"x", b""));
    assert_eq!(format!("{again:?}"), "Keys { .. }");
}

#[test]
fn no_start_with_open_weak_or_broken_keys() {
    let prepared = || {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("keys");
        open(&folder, 1).unwrap();
        let key = files(&folder).into_iter().find(|path| path.extension() == Some("key".as_ref())).unwrap();
        (root, folder, key)
    };
    let (_root, folder, key) = prepared();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(open(&folder, 1), Err(KeysError::Open(_))));
    let (_root, folder, _) = prepared();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
    assert!(matches!(open(&folder, 1), Err(KeysError::Open(_))));
    for weak in [[0_u8; 32], [0x61; 32], std::array::from_fn(|index| index as u8)] {
        let (_root, folder, _) = prepared();
        fs::write(folder.join("server.secret"), weak).unwrap();
        assert!(matches!(open(&folder, 1), Err(KeysError::Weak(_))));
    }
    let (_root, folder, _) = prepared();
    fs::write(folder.join("server.secret"), b"short").unwrap();
    assert!(matches!(open(&folder, 1), Err(KeysError::Malformed(_))));
    let (_root, folder, key) = prepared();
    fs::write(&key, json!({ "version": 1, "seed": "A".repeat(43), "made_at": 0 }).to_string()).unwrap();
    assert!(matches!(open(&folder, 1), Err(KeysError::Weak(_))));
    let (_root, folder, key) = prepared();
    fs::rename(&key, key.with_file_name("other.key")).unwrap();
    assert!(matches!(open(&folder, 1), Err(KeysError::Malformed(_))));
}

/// As Kubernetes mounts a secret: links into a folder that is exchanged as a whole, files of root that a group may read.
fn mount(files: &[PathBuf], at: &Path) {
    let data = at.join("..2026_11_22");
    fs::create_dir_all(&data).unwrap();
    std::os::unix::fs::symlink("..2026_11_22", at.join("..data")).unwrap();
    for file in files {
        let name = file.file_name().unwrap();
        fs::copy(file, data.join(name)).unwrap();
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o440)).unwrap();
        std::os::unix::fs::symlink(Path::new("..data").join(name), at.join(name)).unwrap();
    }
}

#[test]
fn mounted_keys_are_read_and_never_written() {
    let root = tempfile::tempdir().unwrap();
    let (folder, at) = (root.path().join("keys"), root.path().join("mounted"));
    let own = open(&folder, 1).unwrap();
    let clock = Arc::new(ManualClock::at(NOW));
    let mounted = || {
        let random = Arc::new(Generator::<rand_chacha::ChaCha20Rng>::seeded(2));
        Keys::mounted(&at, clock.clone(), random)
    };
    assert!(matches!(mounted(), Err(KeysError::Missing(_))), "nothing is there");
    mount(&files(&folder), &at);
    let before = files(&at);
    let keys = mounted().unwrap();
    assert_eq!(keys.code(Purpose::Link, b"x"), own.code(Purpose::Link, b"x"));
    assert!(matches!(keys.rotate(), Err(KeysError::Mounted)));
    assert_eq!(files(&at), before);

    let key = before.iter().find(|path| path.extension() == Some("key".as_ref())).unwrap();
    for mode in [0o444, 0o460, 0o641] {
        fs::set_permissions(key, fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(mounted(), Err(KeysError::OpenMount(_))), "{mode:o}");
    }
    fs::remove_file(key).unwrap();
    assert!(matches!(mounted(), Err(KeysError::Missing(_))), "no signing key");
    // Whoever has keys goes on with them until the next look.
    assert!(keys.newest_made_at().unwrap().is_some());
    clock.advance(Duration::from_secs(30));
    assert!(keys.newest_made_at().unwrap().is_none());
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

async fn published(world: &World) -> Vec<String> {
    let set = world.call(Method::GET, "/.well-known/jwks.json", None).await.json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn rotation_with_overlap() {
    let world = World::new().await;
    world.user("u1@example.org").await;
    let old = world.sign_in("u1@example.org").await;
    let before = kid(&old.access);
    let after = world.app.keys.rotate().unwrap();
    assert_eq!(published(&world).await, [before.clone(), after.clone()]);
    world.wait(OVERLAP_SECONDS - 1);
    let last = world.sign_in("u1@example.org").await.access;
    assert_eq!(kid(&last), before, "published, but not used yet");
    world.wait(1);
    let next = world.sign_in("u1@example.org").await.access;
    assert_eq!(kid(&next), after);
    for token in [&last, &next] {
        assert_eq!(world.get("/v1/me", token).await.status, StatusCode::OK);
    }
    assert_eq!(published(&world).await.len(), 2);
    world.wait(VERIFIES_SECONDS);
    assert_eq!(published(&world).await, std::slice::from_ref(&after));
    let newest = world.app.keys.rotate().unwrap();
    let key_files = files(&world.folder.path().join("keys")).len();
    assert_eq!(key_files, 3, "the secret and two keys: the first one is gone");
    assert_eq!(published(&world).await, [after, newest]);
}

#[tokio::test]
async fn processes_that_share_the_folder_share_the_keys() {
    let world = World::new().await;
    let folder = world.folder.path().join("keys");
    let random = Arc::new(Generator::<rand_chacha::ChaCha20Rng>::seeded(9));
    let other = Keys::open(&folder, world.clock.clone(), random).unwrap();
    other.rotate().unwrap();
    assert_eq!(published(&world).await.len(), 1, "not looked at again yet");
    world.wait(30);
    assert_eq!(published(&world).await.len(), 2);
}

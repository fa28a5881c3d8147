//! The files: one per signing key, one for the server's secret; what is written appears whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::random::Random;
use domain::time::Micros;
use serde::{Deserialize, Serialize};

use super::KeysError;
use super::ring::{SigningKey, thumbprint};

const SECRET: &str = "server.secret";
const SUFFIX: &str = ".key";

/// Who may read keys beside us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Nobody.
    Owner,
    /// The group that a mounted secret belongs to.
    Group,
}

/// A signing key as it lies in its file, `KID.key`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    /// Base64url of the 32 bytes of an Ed25519 seed (RFC 8032 section 5.1.5).
    seed: String,
    /// When it was made (microseconds since 1970).
    made_at: i64,
}

/// Makes the folder, or refuses one that others may enter.
pub(super) fn prepare(folder: &Path) -> Result<(), KeysError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    closed(folder, Readers::Owner)
}

/// Makes the server's secret if there is none.
pub(super) fn make_secret(folder: &Path, random: &dyn Random) -> Result<(), KeysError> {
    if folder.join(SECRET).exists() {
        return Ok(());
    }
    let mut fresh = [0; 32];
    random.fill(&mut fresh);
    put(folder, SECRET, &fresh, random)
}

/// The server's secret.
pub(super) fn secret(folder: &Path, readers: Readers) -> Result<[u8; 32], KeysError> {
    let path = folder.join(SECRET);
    if !path.exists() {
        return Err(KeysError::Missing(SECRET.to_owned()));
    }
    closed(&path, readers)?;
    let secret: [u8; 32] = fs::read(&path)?.try_into().map_err(|_| KeysError::Malformed(SECRET.to_owned()))?;
    if guessable(&secret) { Err(KeysError::Weak(SECRET.to_owned())) } else { Ok(secret) }
}

/// Makes a signing key; returns its id.
pub(super) fn add(folder: &Path, now: Micros, random: &dyn Random) -> Result<String, KeysError> {
    let mut seed = [0; 32];
    random.fill(&mut seed);
    let kid = thumbprint(pair(&seed, "a new key")?.public_key().as_ref());
    let stored = Stored { version: 1, seed: URL_SAFE_NO_PAD.encode(seed), made_at: now.0 };
    let bytes = serde_json::to_vec(&stored).map_err(io::Error::other)?;
    put(folder, &format!("{kid}{SUFFIX}"), &bytes, random)?;
    Ok(kid)
}

/// Removes a signing key; one that is gone already is no failure.
pub(super) fn remove(folder: &Path, kid: &str) -> Result<(), KeysError> {
    match fs::remove_file(folder.join(format!("{kid}{SUFFIX}"))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// All signing keys of the folder.
pub(super) fn signing_keys(folder: &Path, readers: Readers) -> Result<Vec<SigningKey>, KeysError> {
    let mut keys = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // A name with a dot in front is being written, or is how Kubernetes exchanges all files of a mount at once.
        if name.ends_with(SUFFIX) && !name.starts_with('.') {
            match closed(&path, readers).and_then(|()| read(&path, &name)) {
                // It was removed at this moment.
                Err(KeysError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                key => keys.push(key?),
            }
        }
    }
    Ok(keys)
}

fn read(path: &Path, name: &str) -> Result<SigningKey, KeysError> {
    let malformed = || KeysError::Malformed(name.to_owned());
    let stored: Stored = serde_json::from_slice(&fs::read(path)?).map_err(|_| malformed())?;
    let seed: Option<[u8; 32]> = URL_SAFE_NO_PAD.decode(&stored.seed).ok().and_then(|seed| seed.try_into().ok());
    let seed = seed.filter(|_| stored.version == 1).ok_or_else(malformed)?;
    if guessable(&seed) {
        return Err(KeysError::Weak(name.to_owned()));
    }
    let key = SigningKey::new(pair(&seed, name)?, Micros(stored.made_at));
    if name.strip_suffix(SUFFIX) == Some(key.kid()) { Ok(key) } else { Err(malformed()) }
}

fn pair(seed: &[u8; 32], name: &str) -> Result<Ed25519KeyPair, KeysError> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeysError::Malformed(name.to_owned()))
}

/// Bytes that count up, or of which hardly two differ, were written by a hand and not by chance.
fn guessable(bytes: &[u8; 32]) -> bool {
    let distinct = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
    distinct < 12 || bytes.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1))
}

fn closed(path: &Path, readers: Readers) -> Result<(), KeysError> {
    let mode = fs::metadata(path)?.permissions().mode();
    let name = || path.file_name().unwrap_or_default().display().to_string();
    match readers {
        Readers::Owner if mode & 0o077 != 0 => Err(KeysError::Open(name())),
        Readers::Group if mode & 0o027 != 0 => Err(KeysError::OpenMount(name())),
        _ => Ok(()),
    }
}

/// Writes a file that was not there; where another process was quicker, its file stays.
fn put(folder: &Path, name: &str, bytes: &[u8], random: &dyn Random) -> Result<(), KeysError> {
    let mut tail = [0; 8];
    random.fill(&mut tail);
    let staged = folder.join(format!(".{}", URL_SAFE_NO_PAD.encode(tail)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&staged, folder.join(name));
    fs::remove_file(&staged)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => File::open(folder)?.sync_all()?,
    }
    Ok(())
}

//! Signing keys with rotation, and the server's secret: files of one folder that nobody else reads, or that was mounted for us.

mod files;
mod ring;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use domain::clock::Clock;
use domain::random::Random;
use domain::time::Micros;
use thiserror::Error;

use files::Readers;
pub(crate) use ring::{Jwk, Ring, SigningKey, VerifyingKey};

/// How long a new key is published before it signs (seconds): longer than a client keeps the key set.
pub const OVERLAP_SECONDS: u64 = 300;
/// How long a key verifies once its successor signs (seconds): longer than any access token lives.
pub const VERIFIES_SECONDS: u64 = 3_600;
/// After this time the folder is looked at again: another process may have rotated.
const FRESH: Duration = Duration::from_secs(30);
/// A token with an unknown key leads to a look at most this often.
const LOOK: Duration = Duration::from_secs(1);

/// What a code made with the server's secret is for; codes for one purpose say nothing about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Successors of refresh tokens.
    Refresh,
    /// Links to files.
    Link,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Refresh => b"outhaul refresh successor 1",
            Self::Link => b"outhaul link 1",
        }
    }
}

/// The keys of one installation; processes that share the folder share them.
pub struct Keys {
    folder: PathBuf,
    readers: Readers,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    secret: [u8; 32],
    ring: Mutex<(Duration, Arc<Ring>)>,
}

impl Keys {
    /// Opens the folder (0700, its files 0600) and makes what is missing.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, KeysError> {
        files::prepare(folder)?;
        files::make_secret(folder, random.as_ref())?;
        if files::signing_keys(folder, Readers::Owner)?.is_empty() {
            // The very first key signs at once: there is none before it.
            files::add(folder, clock.now(), random.as_ref())?;
        }
        Self::read(folder, Readers::Owner, clock, random)
    }

    /// Reads a folder that was mounted, with all in it, for any number of processes. Nothing is ever written there; its group
    /// may read it (0440), since that is how the owner of the mount lets us. Keys that come or go are seen within half a minute.
    ///
    /// # Errors
    /// Also [`KeysError::Missing`] where the server's secret or a signing key is not there.
    pub fn mounted(folder: &Path, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, KeysError> {
        let keys = Self::read(folder, Readers::Group, clock, random)?;
        match keys.newest_made_at()? {
            Some(_) => Ok(keys),
            None => Err(KeysError::Missing("a signing key".to_owned())),
        }
    }

    fn read(
        folder: &Path,
        readers: Readers,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, KeysError> {
        let secret = files::secret(folder, readers)?;
        let ring = Ring::new(files::signing_keys(folder, readers)?);
        let ring = Mutex::new((clock.monotonic(), Arc::new(ring)));
        Ok(Self { folder: folder.to_owned(), readers, clock, random, secret, ring })
    }

    /// Makes a new key, which is published now and signs after [`OVERLAP_SECONDS`], and removes keys that verify nothing
    /// any more. Returns the new key's id.
    ///
    /// # Errors
    /// Also [`KeysError::Mounted`] where the keys are not ours.
    pub fn rotate(&self) -> Result<String, KeysError> {
        if self.readers == Readers::Group {
            return Err(KeysError::Mounted);
        }
        let now = self.clock.now();
        let kid = files::add(&self.folder, now, self.random.as_ref())?;
        let ring = self.load(Duration::ZERO)?;
        for old in ring.over(now) {
            files::remove(&self.folder, old)?;
        }
        self.load(Duration::ZERO)?;
        Ok(kid)
    }

    /// When the newest key was made, for whoever decides when it is time for another.
    pub fn newest_made_at(&self) -> Result<Option<Micros>, KeysError> {
        Ok(self.load(FRESH)?.newest_made_at())
    }

    /// The key that signs now.
    pub(crate) fn signing(&self) -> Result<Arc<SigningKey>, KeysError> {
        let now = self.clock.now();
        self.load(FRESH)?.signing(now).ok_or(KeysError::None)
    }

    /// The key of an id, if it verifies now.
    pub(crate) fn verifying(&self, kid: &str) -> Result<Option<VerifyingKey>, KeysError> {
        let now = self.clock.now();
        if let Some(key) = self.load(FRESH)?.verifying(kid, now) {
            return Ok(Some(key));
        }
        Ok(self.load(LOOK)?.verifying(kid, now))
    }

    /// Every key that verifies now or will soon sign.
    pub(crate) fn published(&self) -> Result<Vec<Jwk>, KeysError> {
        Ok(self.load(FRESH)?.published(self.clock.now()))
    }

    /// HMAC-SHA256 of `message` under the server's secret, for one purpose.
    pub fn code(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.key(purpose), message);
        tag.as_ref().try_into().expect("a SHA-256 has 32 bytes")
    }

    /// Whether `code` is that of `message`, in a time that says nothing.
    pub fn code_matches(&self, purpose: Purpose, message: &[u8], code: &[u8]) -> bool {
        hmac::verify(&self.key(purpose), message, code).is_ok()
    }

    fn key(&self, purpose: Purpose) -> hmac::Key {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &self.secret);
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, purpose.label()).as_ref())
    }

    /// The keys as they were read at most `age` ago.
    fn load(&self, age: Duration) -> Result<Arc<Ring>, KeysError> {
        let now = self.clock.monotonic();
        let mut held = self.ring.lock().expect("no panic while the keys are held");
        if now.saturating_sub(held.0) >= age {
            *held = (now, Arc::new(Ring::new(files::signing_keys(&self.folder, self.readers)?)));
        }
        Ok(Arc::clone(&held.1))
    }
}

/// Only where they lie.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// Why there are no keys.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The folder or a file could not be read or written.
    #[error("the keys cannot be read or written")]
    Io(#[from] io::Error),
    /// A file is not a key.
    #[error("{0} is not a key")]
    Malformed(String),
    /// Others may read a key.
    #[error("{0} can be read by others: its mode must be 0600, that of its folder 0700")]
    Open(String),
    /// The same of a key that was mounted.
    #[error("{0} can be read by everybody, or written by its group: its mode must be 0440 or less")]
    OpenMount(String),
    /// Whoever mounts keys makes them, too.
    #[error("{0} is not there")]
    Missing(String),
    /// New keys come from whoever mounts them.
    #[error("the keys were mounted, and are only read")]
    Mounted,
    /// A key that anybody could guess.
    #[error("{0} is a sample key, not one made by chance")]
    Weak(String),
    /// The folder was emptied under the program.
    #[error("there is no key to sign with")]
    None,
}

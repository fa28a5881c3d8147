//! A bucket of the test's own, and what tests do with it.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use artifacts::{ArtifactError, Artifacts, ObjectName, Piece, Pieces, Upload};
use bytes::Bytes;
use crc64::Crc64;
use domain::clock::Clock;
use domain::content_key::ContentKey;
use domain::random::Generator;
use domain::secret::Secret;
use domain::time::{Day, Micros};
use engines::{AwsFaults, Bucket};
use rand_chacha::ChaCha8Rng;
use s3::{Credentials, S3Artifacts, S3Options};

pub const MIB: usize = 1 << 20;

/// The machine's clock, set wrong by so much: a server refuses what is signed far from its own time.
struct Wall {
    ahead: Duration,
}

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "the server has the machine's time, too")]
    fn now(&self) -> Micros {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970") + self.ahead;
        Micros(since.as_micros() as i64)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// What one test has: the engine's bucket, and another way to it that may break.
pub struct World {
    pub bucket: Bucket,
    pub faults: AwsFaults,
}

impl World {
    pub fn new() -> Option<Self> {
        let bucket = Bucket::fresh()?;
        let faults = AwsFaults::to(bucket.endpoint());
        Some(Self { bucket, faults })
    }

    pub fn options(&self) -> S3Options {
        let mut options = options(&self.bucket);
        options.place.endpoint = Some(self.faults.endpoint());
        options
    }

    /// Artifacts on the way that may break, with options changed.
    pub async fn artifacts(&self, change: impl FnOnce(&mut S3Options)) -> S3Artifacts {
        let mut options = self.options();
        change(&mut options);
        open(&options, Duration::ZERO).await
    }

    /// Waits until no upload is left unfinished.
    pub async fn no_uploads(&self) {
        let none = async {
            while !self.bucket.uploads().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), none).await.expect("all uploads end");
    }
}

pub fn options(bucket: &Bucket) -> S3Options {
    let mut options = S3Options::new(bucket.name(), bucket.region());
    options.prefix = "outhaul/test".to_owned();
    options.place.endpoint = Some(bucket.endpoint().to_owned());
    options.path_style = true;
    options.place.credentials = Credentials::Keys {
        access_key: bucket.access_key().to_owned(),
        secret_key: Secret::new(bucket.secret_key()),
        session_token: None,
    };
    options.tries.first_wait = Duration::from_millis(1);
    options.part_bytes = 5 << 20;
    options
}

/// What the machine's clock says.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(Wall { ahead: Duration::ZERO })
}

pub async fn open(options: &S3Options, clock_ahead: Duration) -> S3Artifacts {
    let random = Arc::new(Generator::<ChaCha8Rng>::seeded(clock_ahead.as_secs()));
    S3Artifacts::open(options, Arc::new(Wall { ahead: clock_ahead }), random).await.expect("good options")
}

pub async fn fresh() -> Option<(Bucket, S3Artifacts)> {
    let bucket = Bucket::fresh()?;
    let artifacts = open(&options(&bucket), Duration::ZERO).await;
    Some((bucket, artifacts))
}

pub fn part(number: u8) -> ObjectName {
    let day = Day(19_000 + i32::from(number));
    ObjectName::part(&"org.acme".parse().expect("a good owner"), day, ContentKey([number; 32]))
}

pub fn archive() -> ObjectName {
    let (owner, export) = ("org.acme".parse(), "01890a5d-ac96-774b-bcce-b302099a8057".parse());
    let name = ObjectName::archive(&owner.expect("a good owner"), export.expect("a good id"), "q.zip");
    name.expect("a good file name")
}

/// Where an object lies in the bucket.
pub fn key(name: &ObjectName) -> String {
    format!("outhaul/test/{name}")
}

/// Bytes without a pattern of a power of two.
pub fn sample(seed: u8, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n % 251) as u8 ^ (n / 251) as u8 ^ (n / 64_001) as u8 ^ seed).collect()
}

pub fn pieces(pieces: Vec<Piece>) -> Pieces {
    Box::new(pieces.into_iter().map(Ok))
}

/// A piece that is a whole object with these bytes, in two ranges.
pub fn copy_of(from: ObjectName, bytes: &[u8]) -> Piece {
    let (one, two) = bytes.split_at(bytes.len() / 3);
    Piece::Copy { from, offset: 0, checks: vec![Crc64::of(one), Crc64::of(two)] }
}

/// Makes an upload's calls where they may block.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic in an upload")
}

/// An upload with these bytes in it.
pub async fn upload(
    artifacts: &S3Artifacts,
    name: &ObjectName,
    bytes: &[u8],
) -> Result<Box<dyn Upload>, ArtifactError> {
    let (mut upload, bytes) = (artifacts.begin(name).await?, bytes.to_vec());
    blocking(move || {
        bytes.chunks(900_001).try_for_each(|piece| upload.append(piece))?;
        Ok(upload)
    })
    .await
}

pub async fn store(artifacts: &S3Artifacts, name: &ObjectName, bytes: &[u8]) -> Result<(), ArtifactError> {
    let upload = upload(artifacts, name, bytes).await?;
    let stored = blocking(move || upload.finish()).await?;
    assert_eq!(stored, bytes.len() as u64);
    Ok(())
}

pub async fn whole(artifacts: &S3Artifacts, name: &ObjectName) -> Result<Option<Bytes>, ArtifactError> {
    artifacts.read_whole(name, 1 << 30).await
}

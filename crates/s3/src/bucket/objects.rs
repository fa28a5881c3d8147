//! Whole objects: put, read by ranges, look at, remove, list.

use std::ops::Range;

use aws::causes;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{ChecksumMode, ServerSideEncryption};
use bytes::Bytes;
use crc64::Crc64;
use domain::time::Micros;
use fail::fail_point;

use super::{Bucket, checksum_text, read_checksum};
use crate::S3Error;

/// Most keys that S3 lists at once.
const PAGE: usize = 1_000;

/// What is known of an object without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its size (bytes).
    pub bytes: u64,
    /// What names this version of its bytes, as the server writes it; empty where it gives none.
    pub etag: String,
    /// The CRC-64/NVME of the whole object, where the server keeps it.
    pub crc64nvme: Option<u64>,
    /// When it was written, by the server's clock.
    pub modified: Option<Micros>,
    /// How it is encrypted, as the server names it, e.g. `aws:kms`.
    pub encryption: Option<String>,
}

/// A whole object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its bytes, compared with the checksum that the server keeps, where it keeps one of the whole object.
    Whole(Bytes),
    /// It has more bytes than was asked for, this many; none were read.
    Larger(u64),
}

/// One object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key, relative to the prefix.
    pub key: String,
    /// Its size (bytes).
    pub bytes: u64,
    /// When it was written, by the server's clock.
    pub modified: Option<Micros>,
}

impl Bucket {
    /// Stores an object, in place of one that lies there. The server compares its CRC-64/NVME where it can.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), S3Error> {
        fail_point!("s3.put.before");
        let crc = Crc64::of(&bytes);
        self.call("PutObject", crc.bytes, |_| self.put_once(key, bytes.clone(), crc, false)).await?;
        fail_point!("s3.put.after");
        Ok(())
    }

    /// Stores an object where none is; `false` where one is, and it is left.
    ///
    /// After a lost answer the object that is found may be our own: whoever must know compares the bytes.
    pub async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<bool, S3Error> {
        fail_point!("s3.put.before");
        let crc = Crc64::of(&bytes);
        let put = self.call("PutObject", crc.bytes, |_| self.put_once(key, bytes.clone(), crc, true)).await;
        fail_point!("s3.put.after");
        match put {
            Ok(()) => Ok(true),
            Err(S3Error::Condition { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Stores an object with a checksum that is given, to see whether the server compares it.
    pub(crate) async fn put_checked(&self, key: &str, bytes: Bytes, crc: Crc64) -> Result<(), S3Error> {
        self.call("PutObject", crc.bytes, |_| self.put_once(key, bytes.clone(), crc, false)).await
    }

    async fn put_once(&self, key: &str, bytes: Bytes, crc: Crc64, only_if_absent: bool) -> Result<(), S3Error> {
        let put = self.client().put_object().bucket(self.name()).key(self.key(key));
        let put = put.checksum_crc64_nvme(checksum_text(crc)).body(ByteStream::from(bytes));
        let put = put.set_if_none_match(only_if_absent.then(|| "*".to_owned()));
        let encryption = self.inner.kms_key.is_some().then_some(ServerSideEncryption::AwsKms);
        let put = put.set_server_side_encryption(encryption).set_ssekms_key_id(self.inner.kms_key.clone()).customize();
        let put = if self.inner.signs_payloads { put } else { put.disable_payload_signing() };
        put.send().await.map(drop).map_err(|error| S3Error::of("PutObject", error))
    }

    /// Reads the bytes of `range`; `None` where there is no such object.
    ///
    /// With `etag` the object must still be the one that has it, else [`S3Error::Condition`].
    ///
    /// # Errors
    /// [`S3Error::Short`] where the object ends before.
    pub async fn get_range(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Option<Bytes>, S3Error> {
        Ok(self.ranged(key, range, etag).await?.map(|(bytes, _)| bytes))
    }

    /// The same, with the length of the whole object (bytes).
    pub async fn get_range_of(&self, key: &str, range: Range<u64>) -> Result<Option<(Bytes, u64)>, S3Error> {
        self.ranged(key, range, None).await
    }

    async fn ranged(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Option<(Bytes, u64)>, S3Error> {
        // No range can ask for nothing, and none for more than a signed number counts.
        if range.start >= range.end || i64::try_from(range.end).is_err() {
            return match self.head(key).await? {
                Some(head) if head.bytes < range.end => Err(S3Error::Short { call: "GetObject" }),
                head => Ok(head.map(|head| (Bytes::new(), head.bytes))),
            };
        }
        let bytes = range.end - range.start;
        unless_gone(self.call("GetObject", bytes, |_| self.ranged_once(key, range.clone(), etag)).await)
    }

    async fn ranged_once(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<(Bytes, u64), S3Error> {
        let call = "GetObject";
        let get = self.client().get_object().bucket(self.name()).key(self.key(key));
        let get = get.range(format!("bytes={}-{}", range.start, range.end - 1)).set_if_match(etag.map(str::to_owned));
        let answer = get.send().await.map_err(|error| S3Error::of(call, error))?;
        match sent_range(&answer) {
            Some((sent, whole)) if sent == range => {
                Ok((read_body(call, answer, range.end - range.start).await?, whole))
            }
            Some((sent, _)) if sent.start == range.start && sent.end < range.end => Err(S3Error::Short { call }),
            _ => Err(S3Error::NoAnswer { call, what: "another range than the one asked for".to_owned() }),
        }
    }

    /// Reads a whole object of at most `limit_bytes`; `None` where there is none.
    pub async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Found>, S3Error> {
        unless_gone(self.call("GetObject", limit_bytes.min(1 << 30), |_| self.get_once(key, limit_bytes)).await)
    }

    async fn get_once(&self, key: &str, limit_bytes: u64) -> Result<Found, S3Error> {
        let call = "GetObject";
        let get = self.client().get_object().bucket(self.name()).key(self.key(key));
        let answer = get.checksum_mode(ChecksumMode::Enabled).send().await;
        let answer = answer.map_err(|error| S3Error::of(call, error))?;
        let without = || S3Error::NoAnswer { call, what: "no length in the answer".to_owned() };
        let bytes = answer.content_length().and_then(|length| u64::try_from(length).ok()).ok_or_else(without)?;
        if bytes > limit_bytes {
            return Ok(Found::Larger(bytes));
        }
        let known = answer.checksum_crc64_nvme().and_then(read_checksum);
        let body = read_body(call, answer, bytes).await?;
        if known.is_some_and(|known| known != Crc64::of(&body).value) {
            return Err(S3Error::Differs { call, what: "by the CRC-64/NVME that the server keeps" });
        }
        Ok(Found::Whole(body))
    }

    /// Looks at an object; `None` where there is none.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, S3Error> {
        unless_gone(self.call("HeadObject", 0, |_| self.head_once(key)).await)
    }

    pub(super) async fn head_once(&self, key: &str) -> Result<Head, S3Error> {
        let head = self.client().head_object().bucket(self.name()).key(self.key(key));
        let head = head.checksum_mode(ChecksumMode::Enabled).send().await;
        head_of(&head.map_err(|error| S3Error::of("HeadObject", error))?)
    }

    /// Removes an object; it is no error if there is none.
    pub async fn delete(&self, key: &str) -> Result<(), S3Error> {
        fail_point!("s3.delete.before");
        let once = |_| async {
            let delete = self.client().delete_object().bucket(self.name()).key(self.key(key)).send().await;
            delete.map(drop).map_err(|error| S3Error::of("DeleteObject", error))
        };
        unless_gone(self.call("DeleteObject", 0, once).await).map(drop)
    }

    /// At most `limit` objects whose keys begin with `start`, behind `after`, in the bytewise order of their keys.
    pub async fn list(&self, start: &str, after: Option<&str>, limit: usize) -> Result<Vec<Listed>, S3Error> {
        let (mut found, mut after): (Vec<Listed>, _) = (Vec::new(), after.map(str::to_owned));
        while found.len() < limit {
            let wanted = (limit - found.len()).min(PAGE);
            let once = |_| self.list_once(start, after.as_deref(), wanted);
            let (page, more) = self.call("ListObjectsV2", 0, once).await?;
            after = page.last().map(|last| last.key.clone());
            found.extend(page);
            if !more || after.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn list_once(&self, start: &str, after: Option<&str>, most: usize) -> Result<(Vec<Listed>, bool), S3Error> {
        let list = self.client().list_objects_v2().bucket(self.name()).prefix(self.key(start));
        let list =
            list.max_keys(i32::try_from(most).unwrap_or(i32::MAX)).set_start_after(after.map(|key| self.key(key)));
        let answer = list.send().await.map_err(|error| S3Error::of("ListObjectsV2", error))?;
        let listed = answer.contents().iter().filter_map(|object| {
            let key = object.key()?.strip_prefix(&*self.prefix)?.to_owned();
            let bytes = object.size().and_then(|size| u64::try_from(size).ok())?;
            Some(Listed { key, bytes, modified: object.last_modified().map(micros) })
        });
        Ok((listed.collect(), answer.is_truncated().unwrap_or(false)))
    }

    /// Whether the bucket is there for us.
    pub async fn reach(&self) -> Result<(), S3Error> {
        let once = |_| async {
            let head = self.client().head_bucket().bucket(self.name()).send().await;
            head.map(drop).map_err(|error| S3Error::of("HeadBucket", error))
        };
        self.call("HeadBucket", 0, once).await
    }
}

pub(super) fn micros(time: &DateTime) -> Micros {
    Micros(time.secs().saturating_mul(1_000_000).saturating_add(i64::from(time.subsec_nanos()) / 1_000))
}

fn unless_gone<T>(answer: Result<T, S3Error>) -> Result<Option<T>, S3Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(S3Error::NoSuchObject { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn head_of(answer: &HeadObjectOutput) -> Result<Head, S3Error> {
    let without = || S3Error::NoAnswer { call: "HeadObject", what: "no length in the answer".to_owned() };
    Ok(Head {
        bytes: answer.content_length().and_then(|length| u64::try_from(length).ok()).ok_or_else(without)?,
        etag: answer.e_tag().unwrap_or_default().to_owned(),
        crc64nvme: answer.checksum_crc64_nvme().and_then(read_checksum),
        modified: answer.last_modified().map(micros),
        encryption: answer.server_side_encryption().map(|kind| kind.as_str().to_owned()),
    })
}

/// Which bytes an answer holds, and how many the object has, by its `Content-Range` (RFC 9110 section 14.4); all of them
/// where it has none.
fn sent_range(answer: &GetObjectOutput) -> Option<(Range<u64>, u64)> {
    match answer.content_range() {
        Some(text) => {
            let (range, whole) = text.strip_prefix("bytes ")?.split_once('/')?;
            let (first, last) = range.split_once('-')?;
            Some((first.parse().ok()?..last.parse::<u64>().ok()?.checked_add(1)?, whole.parse().ok()?))
        }
        None => {
            let whole = u64::try_from(answer.content_length()?).ok()?;
            Some((0..whole, whole))
        }
    }
}

/// Reads a body that must have exactly so many bytes.
async fn read_body(call: &'static str, answer: GetObjectOutput, bytes: u64) -> Result<Bytes, S3Error> {
    let body = answer.body.collect().await;
    let body = body.map_err(|error| S3Error::NoAnswer { call, what: causes(&error) })?.into_bytes();
    if body.len() as u64 == bytes {
        Ok(body)
    } else {
        Err(S3Error::NoAnswer { call, what: format!("{} of {bytes} bytes", body.len()) })
    }
}

//! What a bucket can do, tried out: for `outhaul doctor`, and for how archives are put together.

use std::fmt::Write;

use bytes::Bytes;
use crc64::Crc64;
use domain::finding::{Finding, Verdict};

use crate::{Bucket, Found, S3Error};

/// Clocks that are further apart are named (seconds).
const CLOCK_WARN_SECONDS: i64 = 60;
const TEXT: &[u8] = b"written by a look at what this bucket can do; it may be removed";
const OTHER: &[u8] = b"other bytes";

impl Bucket {
    /// Tries out all that is asked of a bucket, on an object of its own that is removed behind it.
    pub async fn check(&self) -> Vec<Finding> {
        let reached = self.reach().await;
        let mut findings = vec![finding("s3 reachable", reached.as_ref().map(|()| "the bucket answers".into()))];
        if reached.is_ok() {
            let key = probe_key(self);
            findings.extend(self.check_objects(&key).await);
            findings.extend(self.check_parts(&key).await);
            findings
                .push(finding("s3 remove", self.delete(&key).await.as_ref().map(|()| "objects can be removed".into())));
        }
        findings.push(self.check_clock());
        findings
    }

    async fn check_objects(&self, key: &str) -> Vec<Finding> {
        let put = self.put(key, Bytes::from_static(TEXT)).await;
        let read = match self.get_range(key, 3..9, None).await {
            Ok(Some(bytes)) if bytes == TEXT[3..9] => Ok("ranges are read".into()),
            Ok(_) => Err("other bytes came than were stored".into()),
            Err(error) => Err(error.to_string()),
        };
        let whole = self.get(key, TEXT.len() as u64).await;
        let read = read.and_then(|text: String| match whole {
            Ok(Some(Found::Whole(bytes))) if bytes == TEXT => Ok(text),
            Ok(_) => Err("other bytes came than were stored".into()),
            Err(error) => Err(error.to_string()),
        });
        let listed = match self.list(key, None, 2).await {
            Ok(page) if page.iter().any(|object| object.key == key) => Ok("objects are listed".into()),
            Ok(_) => Err("an object that was stored is not listed".into()),
            Err(error) => Err(error.to_string()),
        };
        let conditional = match self.put_if_absent(key, Bytes::from_static(OTHER)).await {
            Ok(false) => Ok("an object that is there is not written over".into()),
            Ok(true) => Err("If-None-Match is not heeded: an object that was there was written over".into()),
            Err(error) => Err(error.to_string()),
        };
        let encryption = self.check_encryption(key).await;
        vec![
            finding("s3 write", put.as_ref().map(|()| "objects can be written".into())),
            finding("s3 read", read),
            finding("s3 list", listed),
            finding("s3 If-None-Match", conditional),
            encryption,
        ]
    }

    async fn check_encryption(&self, key: &str) -> Finding {
        let what = "s3 encryption";
        let wants_kms = self.encrypts_by_kms();
        match self.head(key).await {
            Ok(Some(head)) => {
                let kind = head.encryption.unwrap_or_else(|| "none named".into());
                let is_as_wanted = !wants_kms || kind.starts_with("aws:kms");
                let verdict = match (is_as_wanted, kind.as_str()) {
                    (false, _) => Verdict::Fail,
                    (true, "none named") => Verdict::Warn,
                    _ => Verdict::Ok,
                };
                Finding { what, verdict, text: format!("objects are encrypted: {kind}") }
            }
            Ok(None) => finding(what, Err("the object that was stored is gone")),
            Err(error) => finding(what, Err(error)),
        }
    }

    async fn check_parts(&self, key: &str) -> Vec<Finding> {
        let crc = Crc64::of(TEXT);
        let wrong = Crc64 { value: crc.value ^ 1, ..crc };
        let whole = match self.put_checked(key, Bytes::from_static(TEXT), wrong).await {
            Err(S3Error::Differs { .. }) => {
                Finding::ok("s3 checksum of an object", "the server refuses bytes of another CRC-64/NVME")
            }
            Ok(()) => Finding::warn("s3 checksum of an object", "the server takes bytes of another CRC-64/NVME"),
            Err(error) => finding("s3 checksum of an object", Err(error)),
        };
        let parts = match self.compares_whole_objects().await {
            Ok(true) => Finding::ok("s3 checksum of parts", "the server compares the CRC-64/NVME of whole objects"),
            Ok(false) => Finding::warn(
                "s3 checksum of parts",
                "the server does not compare whole objects: what it copies is read once more, and compared by us",
            ),
            Err(error) => finding("s3 checksum of parts", Err(error)),
        };
        let unfinished = self.unfinished(1).await;
        let unfinished = unfinished.as_ref().map(|_| "unfinished uploads are listed".into());
        vec![whole, parts, finding("s3 unfinished uploads", unfinished)]
    }

    fn check_clock(&self) -> Finding {
        let seconds = self.clock_difference() / 1_000_000;
        let mut text = format!("the server's clock is {} s ", seconds.abs());
        // Writing to a text does not fail.
        let _ = write!(text, "{} ours", if seconds < 0 { "behind" } else { "ahead of" });
        let verdict = if seconds.abs() > CLOCK_WARN_SECONDS { Verdict::Warn } else { Verdict::Ok };
        Finding { what: "s3 clock", verdict, text }
    }

    /// Whether the server compares an object in parts with the checksum of the whole, and refuses if it differs: tried out
    /// with a copied part on objects of its own, since servers take the checksum and do not look at it.
    pub async fn compares_whole_objects(&self) -> Result<bool, S3Error> {
        let (from, to) = (probe_key(self), probe_key(self));
        self.put(&from, Bytes::from_static(TEXT)).await?;
        let compares = self.compares_copy(&from, &to).await;
        self.delete(&from).await?;
        compares
    }

    async fn compares_copy(&self, from: &str, to: &str) -> Result<bool, S3Error> {
        let upload = self.begin(to).await?;
        let crc = Crc64::of(TEXT);
        let tried = async {
            let tag = self.copy_part(&upload, 1, from, None).await?;
            let wrong = Crc64 { value: crc.value ^ 1, ..crc };
            match self.complete(&upload, &[(1, tag)], wrong).await {
                Ok(()) => self.delete(to).await.map(|()| false),
                Err(S3Error::Differs { .. } | S3Error::Refused { status: 400, .. }) => Ok(true),
                Err(error) => Err(error),
            }
        };
        let tried = tried.await;
        if !matches!(tried, Ok(false)) {
            self.abort(&upload).await?;
        }
        tried
    }
}

/// What the keys of objects begin with that are there to try something out.
pub(crate) const PROBES: &str = "probes/";

fn probe_key(bucket: &Bucket) -> String {
    format!("{PROBES}{}", random_name(bucket))
}

/// Sixteen hex digits that nobody else has.
pub(crate) fn random_name(bucket: &Bucket) -> String {
    let mut bytes = [0; 8];
    bucket.random().fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

fn finding(what: &'static str, found: Result<String, impl ToString>) -> Finding {
    match found {
        Ok(text) => Finding::ok(what, text),
        Err(error) => Finding::fail(what, error.to_string()),
    }
}

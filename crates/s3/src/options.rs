//! Where a bucket is and how it is used, checked before anything is asked of it.

use std::time::Duration;

use domain::secret::Secret;
use thiserror::Error;

use crate::retry::Tries;
use crate::writer::PartSizes;

/// Where a bucket is and how it is used. `new` fills in what need not be said; [`S3Options::check`] looks at all of it.
#[derive(Clone, Debug)]
pub struct S3Options {
    /// The bucket's name.
    pub bucket: String,
    /// What all keys begin with, without a slash at either end; empty for none. Segments of `[a-z0-9._-]` and slashes.
    pub prefix: String,
    /// The region that requests are signed for, e.g. `eu-central-1`.
    pub region: String,
    /// Another server than AWS's: `http://` or `https://`, a host, perhaps a port. Without TLS only what is signed is safe
    /// from being changed, and nothing from being read.
    pub endpoint: Option<String>,
    /// The bucket is the first part of the path and not of the host, as most servers that are not AWS's want it.
    pub path_style: bool,
    /// How requests are signed.
    pub credentials: Credentials,
    /// The key (id, alias or ARN) that objects are encrypted under by SSE-KMS; without it the bucket's own rule counts.
    pub kms_key: Option<String>,
    /// Bytes of the parts that an object is uploaded in; see [`PartSizes`].
    pub part_bytes: u64,
    /// Parts of one object that are under way at once.
    pub parts_at_once: usize,
    /// Ranges that are copied are read and compared by us, even where the server compares whole objects itself.
    pub verify_copies: bool,
    /// An upload that was begun so long ago and is not finished was left by a process that ended.
    pub abandoned_after: Duration,
    /// How often and how long a call is tried.
    pub tries: Tries,
}

/// How requests are signed.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// By what the surroundings give, the first that is there: `AWS_ACCESS_KEY_ID` and its like, the profile of
    /// `~/.aws`, the web identity of a pod (EKS), the role of a container or an instance. Taken anew before it expires.
    Surroundings,
    /// By these.
    Keys {
        /// The public half.
        access_key: String,
        /// The secret half.
        secret_key: Secret,
        /// Goes with keys that are lent for a while.
        session_token: Option<Secret>,
    },
}

/// An option that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
pub struct OptionError {
    /// Which field of [`S3Options`].
    pub field: &'static str,
    /// What it must be.
    pub reason: &'static str,
}

impl S3Options {
    /// A bucket of AWS in a region, signed by what the surroundings give.
    pub fn new(bucket: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: String::new(),
            region: region.into(),
            endpoint: None,
            path_style: false,
            credentials: Credentials::Surroundings,
            kms_key: None,
            part_bytes: 8 << 20,
            parts_at_once: 2,
            verify_copies: false,
            abandoned_after: Duration::from_secs(24 * 3_600),
            tries: Tries::default(),
        }
    }

    /// Looks at all fields.
    ///
    /// # Errors
    /// The first field that cannot be, and what it must be.
    pub fn check(&self) -> Result<(), OptionError> {
        let fits = |holds: bool, field, reason| if holds { Ok(()) } else { Err(OptionError { field, reason }) };
        fits(is_bucket(&self.bucket), "bucket", "must be 3 to 63 of a-z, 0-9, '.' and '-'")?;
        let reason = "must be parts of a-z, 0-9, '.', '_' and '-' with single slashes between them, at most 200 bytes";
        fits(is_prefix(&self.prefix), "prefix", reason)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_region = (1..=64).contains(&self.region.len()) && self.region.bytes().all(plain);
        fits(is_region, "region", "must be 1 to 64 letters, digits and '-'")?;
        let reason = "must be http:// or https://, a host and perhaps a port, with no name, password or path";
        fits(self.endpoint.as_deref().is_none_or(is_endpoint), "endpoint", reason)?;
        let is_key = |key: &str| (1..=2_048).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        fits(self.kms_key.as_deref().is_none_or(is_key), "kms_key", "must be the id, alias or ARN of a key")?;
        if let Credentials::Keys { access_key, secret_key, .. } = &self.credentials {
            fits(is_key(access_key), "access_key", "must be visible letters, 1 to 2,048")?;
            fits(is_key(secret_key.reveal()), "secret_key", "must be visible letters, 1 to 2,048")?;
        }
        let sizes = PartSizes::LEAST_BYTES..=PartSizes::MOST_FIRST_BYTES;
        fits(sizes.contains(&self.part_bytes), "part_bytes", "must be from 5 MiB to 512 MiB")?;
        fits((1..=64).contains(&self.parts_at_once), "parts_at_once", "must be from 1 to 64")?;
        fits((1..=10).contains(&self.tries.limit), "tries.limit", "must be from 1 to 10")
    }

    /// Whether what is sent is encrypted on its way.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.endpoint.as_deref().is_none_or(|endpoint| endpoint.starts_with("https://"))
    }
}

fn is_bucket(name: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    (3..=63).contains(&name.len())
        && name.bytes().all(plain)
        && ends(name.as_bytes().first())
        && ends(name.as_bytes().last())
}

/// Keys are written into a header when a range is copied, and need no escapes there.
fn is_prefix(prefix: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain);
    prefix.is_empty() || prefix.len() <= 200 && prefix.split('/').all(part)
}

fn is_endpoint(endpoint: &str) -> bool {
    let host = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://")).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    let host = host.strip_suffix('/').unwrap_or(host);
    !host.is_empty() && host.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> S3Options {
        S3Options::new("bucket-1", "eu-central-1")
    }

    #[test]
    fn a_field_that_cannot_be_is_named() {
        let keys = |access: &str, secret: &str| Credentials::Keys {
            access_key: access.into(),
            secret_key: Secret::new(secret),
            session_token: None,
        };
        type Change = Box<dyn Fn(&mut S3Options)>;
        let cases: Vec<(&str, Change)> = vec![
            ("bucket", Box::new(|options| options.bucket = "No".into())),
            ("bucket", Box::new(|options| options.bucket = "a/b/c".into())),
            ("prefix", Box::new(|options| options.prefix = "/a".into())),
            ("prefix", Box::new(|options| options.prefix = "a//b".into())),
            ("prefix", Box::new(|options| options.prefix = "a/../b".into())),
            ("region", Box::new(|options| options.region = String::new())),
            ("endpoint", Box::new(|options| options.endpoint = Some("127.0.0.1:8333".into()))),
            ("endpoint", Box::new(|options| options.endpoint = Some("http://name:word@host".into()))),
            ("endpoint", Box::new(|options| options.endpoint = Some("https://host/path".into()))),
            ("kms_key", Box::new(|options| options.kms_key = Some(String::new()))),
            ("access_key", Box::new(move |options| options.credentials = keys("", "s"))),
            ("secret_key", Box::new(move |options| options.credentials = keys("a", "s\n"))),
            ("part_bytes", Box::new(|options| options.part_bytes = (5 << 20) - 1)),
            ("parts_at_once", Box::new(|options| options.parts_at_once = 0)),
            ("tries.limit", Box::new(|options| options.tries.limit = 0)),
        ];
        for (field, change) in cases {
            let mut options = good();
            change(&mut options);
            assert_eq!(options.check().map_err(|error| error.field), Err(field), "{options:?}");
        }
    }

    #[test]
    fn good_options_pass_and_show_no_secret() {
        let mut options = good();
        options.prefix = "outhaul/prod.1".into();
        options.endpoint = Some("http://127.0.0.1:8333".into());
        options.credentials = Credentials::Keys {
            access_key: "AKIA".into(),
            secret_key: Secret::new("c4n4ry"),
            session_token: Some(Secret::new("c4n4ry")),
        };
        assert_eq!(options.check(), Ok(()));
        assert!(!options.is_encrypted());
        assert!(!format!("{options:?}").contains("c4n4ry"));
    }
}

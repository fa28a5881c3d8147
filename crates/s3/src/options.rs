//! Where a bucket is and how it is used, checked before anything is asked of it.

use std::time::Duration;

use aws::{OptionError, Place, Tries};

use crate::writer::PartSizes;

/// Where a bucket is and how it is used. `new` fills in what need not be said; [`S3Options::check`] looks at all of it.
#[derive(Clone, Debug)]
pub struct S3Options {
    /// The bucket's name.
    pub bucket: String,
    /// What all keys begin with, without a slash at either end; empty for none. Segments of `[a-z0-9._-]` and slashes.
    pub prefix: String,
    /// Where the server is, and how requests are signed.
    pub place: Place,
    /// The bucket is the first part of the path and not of the host, as most servers that are not AWS's want it.
    pub path_style: bool,
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

impl S3Options {
    /// A bucket of AWS in a region, signed by what the surroundings give.
    pub fn new(bucket: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: String::new(),
            place: Place::new(region),
            path_style: false,
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
        let fits = OptionError::unless;
        fits(is_bucket(&self.bucket), "bucket", "must be 3 to 63 of a-z, 0-9, '.' and '-'")?;
        let reason = "must be parts of a-z, 0-9, '.', '_' and '-' with single slashes between them, at most 200 bytes";
        fits(is_prefix(&self.prefix), "prefix", reason)?;
        self.place.check()?;
        let is_key = |key: &str| (1..=2_048).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        fits(self.kms_key.as_deref().is_none_or(is_key), "kms_key", "must be the id, alias or ARN of a key")?;
        let sizes = PartSizes::LEAST_BYTES..=PartSizes::MOST_FIRST_BYTES;
        fits(sizes.contains(&self.part_bytes), "part_bytes", "must be from 5 MiB to 512 MiB")?;
        fits((1..=64).contains(&self.parts_at_once), "parts_at_once", "must be from 1 to 64")?;
        fits((1..=10).contains(&self.tries.limit), "tries.limit", "must be from 1 to 10")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> S3Options {
        S3Options::new("bucket-1", "eu-central-1")
    }

    #[test]
    fn a_field_that_cannot_be_is_named() {
        type Change = Box<dyn Fn(&mut S3Options)>;
        let cases: Vec<(&str, Change)> = vec![
            ("bucket", Box::new(|options| options.bucket = "No".into())),
            ("bucket", Box::new(|options| options.bucket = "a/b/c".into())),
            ("prefix", Box::new(|options| options.prefix = "/a".into())),
            ("prefix", Box::new(|options| options.prefix = "a//b".into())),
            ("prefix", Box::new(|options| options.prefix = "a/../b".into())),
            ("region", Box::new(|options| options.place.region = String::new())),
            ("kms_key", Box::new(|options| options.kms_key = Some(String::new()))),
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
    fn good_options_pass() {
        let mut options = good();
        options.prefix = "outhaul/prod.1".into();
        options.kms_key = Some("alias/exports".into());
        assert_eq!(options.check(), Ok(()));
    }
}

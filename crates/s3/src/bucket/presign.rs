//! Links that read one object for a while, without a key.

use std::time::Duration;

use aws::{causes, system_time};
use aws_sdk_s3::presigning::PresigningConfig;

use super::Bucket;
use crate::S3Error;

/// Longest life of a signed link (seconds): a week, by the rules of Signature Version 4.
pub const MOST_PRESIGNED_SECONDS: u64 = 7 * 24 * 3_600;

impl Bucket {
    /// A link that reads `key` for `seconds` from now, by the server's clock; ranges work. It says the name under which the
    /// object is to be kept and its type, and that nobody between may keep a copy.
    ///
    /// Nothing is asked of the server: whether the object is there shows when the link is followed.
    ///
    /// # Errors
    /// [`S3Error::Unfit`] for a life of nothing or more than a week, and where no credentials are to be had.
    pub async fn presign_get(
        &self,
        key: &str,
        (file_name, content_type): (&str, &str),
        seconds: u64,
    ) -> Result<String, S3Error> {
        let call = "presign";
        if !(1..=MOST_PRESIGNED_SECONDS).contains(&seconds) {
            return Err(S3Error::Unfit { call, what: "a life of 1 second to a week".to_owned() });
        }
        let unfit = |error: &dyn std::error::Error| S3Error::Unfit { call, what: causes(error) };
        let config =
            PresigningConfig::builder().start_time(system_time(self.now())).expires_in(Duration::from_secs(seconds));
        let config = config.build().map_err(|error| unfit(&error))?;
        let get = self.client().get_object().bucket(self.name()).key(self.key(key));
        let get = get.response_content_disposition(disposition(file_name)).response_content_type(content_type);
        let link = get.response_cache_control("private, no-store").presigned(config).await;
        link.map(|link| link.uri().to_owned()).map_err(|error| unfit(&error))
    }
}

/// RFC 6266: names here hold nothing that would need an escape; whatever else comes is left out.
fn disposition(file_name: &str) -> String {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
    let name: String = file_name.chars().filter(plain).collect();
    format!("attachment; filename=\"{name}\"")
}

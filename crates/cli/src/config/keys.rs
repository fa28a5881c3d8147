//! What requests to AWS, or to what speaks like it, are signed with: the same three settings in each section that has them.

use std::path::Path;

#[cfg(feature = "aws")]
use aws::Credentials;

use super::secret::Secret;
use crate::exit::Failure;

/// The settings `access_key`, `secret_key` and `secret_key_file` of a section.
pub(super) struct Keys<'a> {
    pub(super) section: &'static str,
    pub(super) access_key: &'a str,
    pub(super) secret_key: &'a Secret,
    pub(super) secret_key_file: &'a Path,
}

impl Keys<'_> {
    /// # Errors
    /// A key without a secret, or a secret without a key.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let section = self.section;
        let has_secret = !self.secret_key.is_empty() || !self.secret_key_file.as_os_str().is_empty();
        if has_secret == self.access_key.is_empty() {
            return Err(Failure::usage(format!(
                "{section}.access_key and a secret ({section}.secret_key or {section}.secret_key_file) belong together"
            )));
        }
        Ok(())
    }

    /// What to sign with; the environment and the machine are asked where no key is set.
    ///
    /// # Errors
    /// The secret is given twice, or its file cannot be read.
    #[cfg(feature = "aws")]
    pub(super) fn credentials(&self) -> Result<Credentials, Failure> {
        let secret = self.secret_key.or_file(&format!("{}.secret_key", self.section), self.secret_key_file)?;
        if self.access_key.is_empty() || secret.is_empty() {
            return Ok(Credentials::Surroundings);
        }
        let access_key = self.access_key.to_owned();
        Ok(Credentials::Keys { access_key, secret_key: secret.hidden(), session_token: None })
    }
}

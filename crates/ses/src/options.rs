//! Where SES is called, and what goes with each letter.

use aws::{OptionError, Place};

/// Where SES is called, and what goes with each letter.
#[derive(Clone, Debug)]
pub struct SesOptions {
    /// Region, keys, and perhaps another server than AWS's.
    pub place: Place,
    /// The configuration set that letters are sent under; `None` for what the identity has by itself.
    pub configuration_set: Option<String>,
    /// How long one letter may take in all (seconds).
    pub timeout_seconds: u64,
}

impl SesOptions {
    /// AWS's own SES in a region, by what the surroundings give; 30 s for each letter.
    pub fn new(region: impl Into<String>) -> Self {
        Self { place: Place::new(region), configuration_set: None, timeout_seconds: 30 }
    }

    /// Looks at all fields.
    ///
    /// # Errors
    /// The first field that cannot be, and what it must be.
    pub fn check(&self) -> Result<(), OptionError> {
        self.place.check()?;
        // SES API v2 reference, "CreateConfigurationSet".
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_set = |name: &str| (1..=64).contains(&name.len()) && name.bytes().all(plain);
        let reason = "must be 1 to 64 letters, digits, '-' and '_'";
        OptionError::unless(self.configuration_set.as_deref().is_none_or(is_set), "configuration_set", reason)?;
        OptionError::unless(self.timeout_seconds > 0, "timeout_seconds", "must not be 0")
    }
}

//! A text that is used and never shown.

use std::fmt;

/// A password, or the secret half of a key. Its debug form hides it, and it has no other.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one who needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_shown() {
        let secret = Secret::new("canary");
        assert_eq!(secret.reveal(), "canary");
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("canary"));
    }
}

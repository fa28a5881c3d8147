//! `[auth]`: how tokens are signed.

use serde::{Deserialize, Serialize};

/// How tokens are signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// A new signing key is made once the newest is so old (days); 0 for never.
    pub key_days: u32,
}

impl Default for Auth {
    fn default() -> Self {
        Self { key_days: 90 }
    }
}

//! `[auth]`: how tokens are signed, by whom and for whom.

use std::path::{Path, PathBuf};

use api::tokens::access::AUDIENCE;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// How tokens are signed, by whom and for whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Folder that the keys are mounted in, to be read only; empty for the one in the data folder, which the program fills.
    pub keys_folder: PathBuf,
    /// A new signing key is made once the newest is so old (days); 0 for never.
    pub key_days: u32,
    /// Who issues access tokens, their claim `iss`; empty for `http.public_url`.
    pub issuer: String,
    /// Who access tokens are for, their claim `aud`.
    pub audience: String,
}

impl Default for Auth {
    fn default() -> Self {
        Self { keys_folder: PathBuf::new(), key_days: 90, issuer: String::new(), audience: AUDIENCE.to_owned() }
    }
}

/// Longest name in a claim (bytes): tokens have a limit of their own.
const CLAIM_LIMIT_BYTES: usize = 256;

impl Auth {
    /// Where keys were mounted, if they were.
    pub fn mounted_keys(&self) -> Option<&Path> {
        (!self.keys_folder.as_os_str().is_empty()).then_some(&*self.keys_folder)
    }

    /// How old a key grows before the program makes another (days); 0 for never, as with keys that are not its own.
    pub fn days_of_a_key(&self) -> u32 {
        if self.mounted_keys().is_some() { 0 } else { self.key_days }
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        let fits = |text: &str| text.len() <= CLAIM_LIMIT_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits(&self.issuer) {
            return Err(Failure::usage("auth.issuer must be visible ASCII, at most 256 bytes"));
        }
        if self.audience.is_empty() || !fits(&self.audience) {
            return Err(Failure::usage("auth.audience must be 1 to 256 bytes of visible ASCII"));
        }
        Ok(())
    }
}

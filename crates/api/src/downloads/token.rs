//! The token of a link: for whom, what and until when, under a message authentication code of the server.

use std::convert::Infallible;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{ExportId, UserId};
use domain::owner::Owner;
use domain::time::Micros;
use uuid::Uuid;

use crate::keys::{Keys, Purpose};
use crate::path::PathValue;

/// First byte of each token.
const VERSION: u8 = 1;
/// Length of HMAC-SHA-256 (RFC 2104) (bytes).
const CODE_BYTES: usize = 32;
/// Longest token that is looked at: a slug and a file name of greatest length, in base64 (bytes).
pub const TOKEN_LIMIT_BYTES: usize = 512;

/// The token in the path of a download, as it came.
#[derive(Clone)]
pub struct LinkToken(pub String);

impl FromStr for LinkToken {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl PathValue for LinkToken {
    const NAME: &'static str = "token";
}

/// What one link lets one user fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkClaims {
    /// Whose export it is.
    pub owner: Owner,
    /// Who asked for the link; whether they still may is asked again at each use.
    pub user: UserId,
    /// The export.
    pub export: ExportId,
    /// What of it.
    pub target: Target,
    /// Last instant at which a request may begin.
    pub until: Micros,
}

/// What of an export is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A finished file, by its name.
    File(String),
    /// The part of one segment, by its number.
    Part(u32),
}

impl LinkClaims {
    /// Base64url of the claims and their code.
    pub fn seal(&self, keys: &Keys) -> String {
        let mut bytes = self.to_bytes();
        let code = keys.code(Purpose::Link, &bytes);
        bytes.extend_from_slice(&code);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The claims of a token that this server made, whether its time is over or not.
    pub fn open(token: &str, keys: &Keys) -> Option<Self> {
        if token.len() > TOKEN_LIMIT_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (claims, code) = bytes.split_last_chunk::<CODE_BYTES>()?;
        if keys.code_matches(Purpose::Link, claims, code) { Self::from_bytes(claims) } else { None }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.until.0.to_be_bytes());
        bytes.extend(self.user.0.as_bytes());
        bytes.extend(self.export.0.as_bytes());
        let owner = self.owner.to_string();
        bytes.push(u8::try_from(owner.len()).expect("a slug has at most 64 bytes"));
        bytes.extend(owner.as_bytes());
        match &self.target {
            Target::Part(number) => {
                bytes.push(b'p');
                bytes.extend(number.to_be_bytes());
            }
            Target::File(name) => {
                bytes.push(b'f');
                bytes.extend(name.as_bytes());
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, rest) = bytes.split_first()? else { return None };
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (user, rest) = rest.split_first_chunk::<16>()?;
        let (export, rest) = rest.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first()?;
        let (owner, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = rest.split_first()?;
        let target = match kind {
            b'p' => Target::Part(u32::from_be_bytes(rest.try_into().ok()?)),
            b'f' => Target::File(std::str::from_utf8(rest).ok()?.to_owned()),
            _ => return None,
        };
        Some(Self {
            owner: std::str::from_utf8(owner).ok()?.parse().ok()?,
            user: UserId(Uuid::from_bytes(*user)),
            export: ExportId(Uuid::from_bytes(*export)),
            target,
            until: Micros(i64::from_be_bytes(*until)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::clock::ManualClock;
    use domain::random::Generator;
    use rand_chacha::ChaCha20Rng;
    use tempfile::TempDir;

    use super::*;

    /// The keys of a new installation, and the folder they lie in.
    fn keys(seed: u64) -> (Keys, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Micros(0)));
        let random = Arc::new(Generator::<ChaCha20Rng>::seeded(seed));
        (Keys::open(&folder.path().join("keys"), clock, random).unwrap(), folder)
    }

    fn claims() -> Vec<LinkClaims> {
        let id = |last: u8| Uuid::from_bytes([last; 16]);
        let long = "a".repeat(64);
        let owners = ["org.a".to_owned(), format!("org.{long}"), format!("user.{}", id(3))];
        let file = Target::File("z".repeat(200));
        let targets = [Target::File("acme-messages-2021-01-01-2021-03-31.zip".into()), Target::Part(u32::MAX), file];
        owners
            .iter()
            .flat_map(|owner| {
                targets.iter().map(|target| LinkClaims {
                    owner: owner.parse().unwrap(),
                    user: UserId(id(1)),
                    export: ExportId(id(2)),
                    target: target.clone(),
                    until: Micros(1_700_000_000_000_000),
                })
            })
            .collect()
    }

    #[test]
    fn a_token_is_opened_by_its_server_alone() {
        let ((ours, _ours), (theirs, _theirs)) = (keys(1), keys(2));
        for claims in claims() {
            let token = claims.seal(&ours);
            assert!(token.len() <= TOKEN_LIMIT_BYTES);
            assert_eq!(LinkClaims::open(&token, &ours), Some(claims));
            assert_eq!(LinkClaims::open(&token, &theirs), None);
        }
    }

    #[test]
    fn no_changed_bit_opens() {
        let (keys, _folder) = keys(1);
        let token = claims()[0].seal(&keys);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(LinkClaims::open(&URL_SAFE_NO_PAD.encode(changed), &keys), None, "bit {bit}");
        }
        for length in 0..token.len() {
            assert_eq!(LinkClaims::open(&token[..length], &keys), None, "cut at {length}");
        }
        assert_eq!(LinkClaims::open(&format!("{token}="), &keys), None);
        assert_eq!(LinkClaims::open(&"A".repeat(TOKEN_LIMIT_BYTES + 1), &keys), None);
    }
}

//! Identifiers, parsed once at the door.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

use crate::random::{Random, uuid_v7};
use crate::time::Micros;

/// The name an organisation has everywhere: `[a-z0-9]` with single `-`, `_` or `.` between, at most 64 bytes.
///
/// It never changes, so it is also the organisation's key in the lake, in object names and in the job store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// Greatest length in bytes.
    pub const LIMIT_BYTES: usize = 64;

    /// The text of the slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let edges = bytes.first().is_some_and(|b| plain(*b)) && bytes.last().is_some_and(|b| plain(*b));
        let inside = bytes.iter().all(|b| plain(*b) || matches!(b, b'-' | b'_' | b'.'));
        let doubled = bytes.windows(2).any(|pair| !plain(pair[0]) && !plain(pair[1]));
        if !edges || !inside || doubled || bytes.len() > Self::LIMIT_BYTES {
            return Err(IdError::Slug(text.chars().take(80).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id: time first (UUID version 7), so that ids sort by creation.
            pub fn new(now: Micros, random: &dyn Random) -> Self {
                Self(uuid_v7(now, random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                // Only the hyphenated lower-case form: one id, one spelling.
                let id = Uuid::try_parse(text).ok().filter(|id| id.to_string() == text);
                id.map(Self).ok_or(IdError::Uuid)
            }
        }
    };
}

uuid_id!(
    /// One request for an export and what came of it.
    ExportId
);
uuid_id!(
    /// A user, the same in the directory and in the accounts.
    UserId
);
uuid_id!(
    /// One running worker process.
    WorkerId
);
uuid_id!(
    /// One login and the refresh tokens that follow from it.
    FamilyId
);
uuid_id!(
    /// A token of an organisation's own programs.
    TokenId
);
uuid_id!(
    /// One entry of the audit trail.
    EventId
);
uuid_id!(
    /// A membership, as it is known outside.
    MembershipId
);
uuid_id!(
    /// One attempt to bring a file of messages into the lake.
    IngestId
);

/// Why an identifier was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    /// Not an organisation's name.
    #[error("'{0}' is not an organisation: use 1 to 64 of a-z and 0-9, with single '-', '_' or '.' between them")]
    Slug(String),
    /// Not a UUID in its usual form.
    #[error("is not an id of the form 01890a5d-ac96-774b-bcce-b302099a8057")]
    Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_safe_in_every_path() {
        for good in ["a", "org-0001", "duraspace-irc", "a.b_c", "0"] {
            assert_eq!(good.parse::<Slug>().map(|slug| slug.to_string()), Ok(good.to_owned()));
        }
        let long = "a".repeat(65);
        for bad in ["", "-a", "a-", "a..b", "..", "A", "a/b", "a b", "é", "a\0", &long] {
            assert!(bad.parse::<Slug>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(text.parse::<ExportId>().map(|id| id.to_string()), Ok(text.to_owned()));
        for other in ["01890A5D-AC96-774B-BCCE-B302099A8057", "01890a5dac96774bbcceb302099a8057", "", "x"] {
            assert_eq!(other.parse::<ExportId>(), Err(IdError::Uuid));
        }
    }
}

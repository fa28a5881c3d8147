//! Whose export it is: the first part of every key that is ever read.

use std::fmt;
use std::str::FromStr;

use crate::ids::{IdError, Slug, UserId};

/// An organisation (dataset `messages`) or a user (dataset `memberships`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// All current members of the organisation may fetch what it owns.
    Organisation(Slug),
    /// Only this user may.
    User(UserId),
}

/// Writes the key form, `org.SLUG` or `user.UUID`: safe as a path component, and the two can never meet.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation(slug) => write!(f, "org.{slug}"),
            Self::User(id) => write!(f, "user.{id}"),
        }
    }
}

impl FromStr for Owner {
    type Err = IdError;

    fn from_str(key: &str) -> Result<Self, IdError> {
        match key.split_once('.') {
            Some(("org", slug)) => Ok(Self::Organisation(slug.parse()?)),
            Some(("user", id)) => Ok(Self::User(id.parse()?)),
            _ => Err(IdError::Slug(key.chars().take(80).collect())),
        }
    }
}

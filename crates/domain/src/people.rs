//! People: their addresses, the states they are in, and their place in an organisation.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::names::names;

/// An e-mail address: at most 254 bytes of printable ASCII with one `@`, the domain in lower case (RFC 5321 section 4.5.3).
///
/// Nothing in it can end a header line or begin another: no space, no control character, no comma, no angle bracket.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// Greatest length in bytes.
    pub const LIMIT_BYTES: usize = 254;
    /// Greatest length of what stands before the `@` in bytes.
    pub const LOCAL_LIMIT_BYTES: usize = 64;

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What an account is found by: addresses that differ in case alone are one.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for Email {
    type Err = PeopleError;

    fn from_str(text: &str) -> Result<Self, PeopleError> {
        let (local, domain) = text.rsplit_once('@').ok_or(PeopleError::Email)?;
        // RFC 5322 section 3.2.3 without quoted strings.
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let label = |label: &str| {
            let inside = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            (1..=63).contains(&label.len()) && inside && !label.starts_with('-') && !label.ends_with('-')
        };
        let local_fits = local.len() <= Self::LOCAL_LIMIT_BYTES
            && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom));
        if text.len() > Self::LIMIT_BYTES || !local_fits || !domain.split('.').all(label) {
            return Err(PeopleError::Email);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Addresses stay out of logs, so not even a debug form shows one.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

names! {
    /// What a member may do.
    Role {
        /// Ask for exports and fetch them.
        Member = "member",
        /// That, and say who belongs to the organisation, and bring messages in.
        Admin = "admin",
    }
    else |_text| -> PeopleError { PeopleError::Role }
}

names! {
    /// Whether a user exists, as the directory knows it.
    UserState {
        /// Known, but the account is not there yet; nobody can sign in.
        Creating = "creating",
        /// Can sign in.
        Active = "active",
        /// Cannot sign in until enabled again.
        Disabled = "disabled",
        /// A tombstone: never comes back, and what is left of the account may be removed.
        Deleted = "deleted",
    }
    else |_text| -> PeopleError { PeopleError::UserState }
}

names! {
    /// What an organisation's token is good for.
    Scope {
        /// Bring messages in.
        MessagesWrite = "messages:write",
    }
    else |_text| -> PeopleError { PeopleError::Scope }
}

/// Why a value about people was refused. What was given is not repeated: it may be an address or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PeopleError {
    /// Not an e-mail address.
    #[error("is not an e-mail address of the form name@example.org")]
    Email,
    /// Not a role.
    #[error("is not a role: use member or admin")]
    Role,
    /// Not a state of a user.
    #[error("is not a state of a user")]
    UserState,
    /// Not a scope.
    #[error("is not a scope: use messages:write")]
    Scope,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_carry_a_header() {
        for (text, kept) in [("U.One+x@Example.ORG", "U.One+x@example.org"), ("a@localhost", "a@localhost")] {
            assert_eq!(text.parse::<Email>().map(|email| email.to_string()), Ok(kept.to_owned()));
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a\r\nBcc: x@y",
            "a@b\nc",
            "<a@b>",
            "a,b@c",
            "\"a\"@b",
            ".a@b",
            "a..b@c",
            "a@-b",
            "a@b..c",
            "ä@b",
            &long,
        ] {
            assert_eq!(bad.parse::<Email>(), Err(PeopleError::Email), "{bad:?}");
        }
    }

    #[test]
    fn one_account_whatever_the_case() {
        let key = |text: &str| text.parse::<Email>().unwrap().key();
        assert_eq!(key("U1@Example.org"), key("u1@example.ORG"));
    }

    #[test]
    fn an_address_is_not_shown_by_accident() {
        assert_eq!(format!("{:?}", "a@b".parse::<Email>()), "Ok(Email(..))");
    }
}

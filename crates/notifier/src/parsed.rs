//! Texts that end up in a header or a link, parsed so that they can carry nothing else there.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Why a text was refused. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Not one line of a sensible length.
    #[error("is not a subject: use 1 to 200 bytes without control characters and without '=?'")]
    Subject,
    /// Not the name of one file.
    #[error("is not a file name: use 1 to 200 bytes without control characters, '/' and '\\'")]
    FileName,
    /// Not the stable id of a letter.
    #[error("is not the id of a letter: use 1 to 100 of a-z, 0-9, '-', '_' and '.', not at the ends")]
    LetterId,
    /// Not an address that a link can begin with.
    #[error("is not an address of the form https://exports.example.org")]
    PublicUrl,
    /// Not the name of a sender.
    #[error("is not a sender: use an address, or 'Name <address>'")]
    Sender,
}

/// The subject of a letter: one line of at most 200 bytes, without the `=?` that begins an encoded word (RFC 2047).
#[derive(Clone, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// Greatest length in bytes.
    pub const LIMIT_BYTES: usize = 200;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fits = is_plain_header(text) && text.len() <= Self::LIMIT_BYTES && !text.trim().is_empty();
        fits.then(|| Self(text.to_owned())).ok_or(ParseError::Subject)
    }
}

/// Subjects name organisations, so they stay out of logs.
impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(..)")
    }
}

/// The name of an attached file: no path, one line, at most 200 bytes of UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Greatest length in bytes.
    pub const LIMIT_BYTES: usize = 200;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let is_path = text.contains(['/', '\\']) || matches!(text, "." | "..");
        let fits = is_one_line(text) && text.len() <= Self::LIMIT_BYTES && !text.trim().is_empty();
        (fits && !is_path).then(|| Self(text.to_owned())).ok_or(ParseError::FileName)
    }
}

/// No control character, and none of the two line ends that Unicode adds.
fn is_one_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// One line that a reader of mail shows as it stands: what looks like an encoded word would be decoded.
pub(crate) fn is_plain_header(text: &str) -> bool {
    is_one_line(text) && !text.contains("=?")
}

/// Where people reach the service, as links begin: scheme, host, maybe a port and a path, no slash at the end.
///
/// It comes from the configuration and from nowhere else: a request's `Host` header never gets into a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.map_or("", |rest| rest.split('/').next().unwrap_or_default());
        // What RFC 3986 leaves unreserved, and the colon and brackets of hosts; no user, query or fragment.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte);
        let fits = !host.is_empty() && text.len() <= 500 && text.bytes().all(plain);
        fits.then(|| Self(text.trim_end_matches('/').to_owned())).ok_or(ParseError::PublicUrl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_and_a_file_name_are_one_line() {
        for good in ["Your export of o1 is ready", "Größe – 表", "a"] {
            assert_eq!(good.parse::<Subject>().map(|subject| subject.as_str().to_owned()), Ok(good.to_owned()));
        }
        let long = "x".repeat(201);
        for bad in ["", " ", "a\r\nBcc: x@y", "a\nb", "a\rb", "a\0", "a\u{85}b", "a\u{2028}b", "a\u{7f}", &long] {
            assert_eq!(bad.parse::<Subject>(), Err(ParseError::Subject), "{bad:?}");
            assert_eq!(bad.parse::<FileName>(), Err(ParseError::FileName), "{bad:?}");
        }
        assert_eq!("=?utf-8?q?Bcc?=".parse::<Subject>(), Err(ParseError::Subject));
        for bad in [".", "..", "a/b", "..\\a"] {
            assert_eq!(bad.parse::<FileName>(), Err(ParseError::FileName), "{bad:?}");
        }
        assert!("Mitgliedschaften \"2021\"; é.csv".parse::<FileName>().is_ok());
    }

    #[test]
    fn a_link_begins_with_a_plain_address() {
        for (text, kept) in [
            ("https://exports.example.org", "https://exports.example.org"),
            ("http://127.0.0.1:8470/", "http://127.0.0.1:8470"),
            ("https://[::1]:8470/a/", "https://[::1]:8470/a"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().map(|url| url.as_str().to_owned()), Ok(kept.to_owned()));
        }
        for bad in [
            "",
            "exports.example.org",
            "https://",
            "https:///a",
            "javascript:x",
            "https://a b",
            "https://a\"b",
            "https://a?b",
            "https://u@a",
            "https://a#b",
            "https://a\r\nb",
            "ftp://a",
        ] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(ParseError::PublicUrl), "{bad:?}");
        }
    }
}

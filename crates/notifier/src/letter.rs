//! A letter: to whom, what it says, and the id under which it is the same letter however often it is sent.

use std::fmt;
use std::str::FromStr;

use domain::ids::ExportId;
use domain::people::Email;

use crate::parsed::{FileName, ParseError, Subject};

/// The stable id of a letter, `{export id}.{what}`: also the name of its file and the left side of its `Message-ID`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LetterId(String);

impl LetterId {
    /// Greatest length in bytes.
    pub const LIMIT_BYTES: usize = 100;

    /// Of the letter that says that this export is there.
    pub fn ready(export: ExportId) -> Self {
        Self(format!("{export}.ready"))
    }

    /// Of the letter that says that this export failed.
    pub fn failed(export: ExportId) -> Self {
        Self(format!("{export}.failed"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LetterId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        // A dot-atom (RFC 5322 section 3.2.3) that is a file name too.
        let edges = bytes.first().is_some_and(|b| plain(*b)) && bytes.last().is_some_and(|b| plain(*b));
        let inside = bytes.iter().all(|b| plain(*b) || b"-_.".contains(b)) && !text.contains("..");
        let fits = edges && inside && text.len() <= Self::LIMIT_BYTES;
        fits.then(|| Self(text.to_owned())).ok_or(ParseError::LetterId)
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message to one person.
///
/// It holds no key, token or secret: who reads it by mistake can do nothing with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its id.
    pub id: LetterId,
    /// Who gets it.
    pub to: Email,
    /// What it is about.
    pub subject: Subject,
    /// What it says, for a reader without HTML.
    pub text: String,
    /// What it says, as a whole HTML document without anything remote in it.
    pub html: String,
    /// A file that comes with it.
    pub attachment: Option<Attachment>,
}

/// A letter is about somebody, so its debug form says only which it is.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A file that comes with a letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The name it is offered under.
    pub file_name: FileName,
    /// What it is.
    pub media_type: MediaType,
    /// The file; how large it may be is decided by whoever attaches it.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// What an attached file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// A CSV file with a header line (RFC 4180).
    Csv,
    /// A file packed with gzip.
    Gzip,
    /// A ZIP archive.
    Zip,
}

impl MediaType {
    /// The name in a `Content-Type` header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Gzip => "application/gzip",
            Self::Zip => "application/zip",
        }
    }

    /// What a file with this name is; `None` for a name with another end.
    pub fn of(file_name: &FileName) -> Option<Self> {
        let ends = [(".csv", Self::Csv), (".gz", Self::Gzip), (".zip", Self::Zip)];
        ends.iter().find(|(end, _)| file_name.as_str().ends_with(end)).map(|(_, media_type)| *media_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_file_name_and_an_atom() {
        let export: ExportId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        for id in [LetterId::ready(export), LetterId::failed(export)] {
            assert_eq!(id.as_str().parse(), Ok(id.clone()));
        }
        for bad in ["", ".", "a..b", "a/b", "a.", ".a", "A", "a\r\nb", "a@b", "a>b", &"a".repeat(101)] {
            assert_eq!(bad.parse::<LetterId>(), Err(ParseError::LetterId), "{bad:?}");
        }
    }

    #[test]
    fn a_debug_form_shows_nobody() {
        let letter = Letter {
            id: "a.ready".parse().unwrap(),
            to: "canary@example.org".parse().unwrap(),
            subject: "canary".parse().unwrap(),
            text: "canary".to_owned(),
            html: "canary".to_owned(),
            attachment: Some(Attachment {
                file_name: "canary.csv".parse().unwrap(),
                media_type: MediaType::Csv,
                bytes: b"canary".to_vec(),
            }),
        };
        let shown = format!("{letter:?} {:?}", letter.attachment);
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_file_is_what_its_name_says() {
        let of = |name: &str| MediaType::of(&name.parse().unwrap());
        assert_eq!(of("memberships.csv"), Some(MediaType::Csv));
        assert_eq!(of("memberships.csv.gz"), Some(MediaType::Gzip));
        assert_eq!(of("memberships.zip"), Some(MediaType::Zip));
        assert_eq!(of("memberships"), None);
    }
}

//! The names of objects, made from parsed values only.

use std::fmt;
use std::str::FromStr;

use domain::content_key::ContentKey;
use domain::ids::ExportId;
use domain::owner::Owner;
use domain::time::Day;
use thiserror::Error;

/// The name of one object; its text is also its path below the root of a storage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectName {
    /// `parts/{owner}/{first day}/{hash}`: the finished file of one slice, addressed by its content.
    Part(PartName),
    /// `parts/{owner}/{first day}/{hash}.json`: its counters and hashes; written before it, deleted after it.
    PartSummary(PartName),
    /// `plans/{owner}/{export}`: what an export is cut into.
    Plan(Owner, ExportId),
    /// `archives/{owner}/{export}/{file}`: what can be fetched.
    Archive(Owner, ExportId, FileName),
}

/// What names a part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartName {
    /// Whose.
    pub owner: Owner,
    /// First day of its slice.
    pub first_day: Day,
    /// The hash of all that decides its bytes.
    pub key: ContentKey,
}

impl ObjectName {
    /// The part of a slice.
    pub fn part(owner: &Owner, first_day: Day, key: ContentKey) -> Self {
        Self::Part(PartName { owner: owner.clone(), first_day, key })
    }

    /// What lies beside the part of a slice.
    pub fn part_summary(owner: &Owner, first_day: Day, key: ContentKey) -> Self {
        Self::PartSummary(PartName { owner: owner.clone(), first_day, key })
    }

    /// The plan of an export.
    pub fn plan(owner: &Owner, export: ExportId) -> Self {
        Self::Plan(owner.clone(), export)
    }

    /// A file of an export; a name that is not fit for one is refused.
    pub fn archive(owner: &Owner, export: ExportId, file: &str) -> Result<Self, NameError> {
        Ok(Self::Archive(owner.clone(), export, file.parse()?))
    }

    /// Whether it must be durable once it is stored. Plans and parts need not: they can be made again, and whoever reads
    /// them checks what they read.
    pub const fn must_last(&self) -> bool {
        matches!(self, Self::Archive(..))
    }

    /// Whose it is.
    pub const fn owner(&self) -> &Owner {
        match self {
            Self::Part(part) | Self::PartSummary(part) => &part.owner,
            Self::Plan(owner, _) | Self::Archive(owner, _, _) => owner,
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(PartName { owner, first_day, key }) => write!(f, "parts/{owner}/{first_day}/{key}"),
            Self::PartSummary(PartName { owner, first_day, key }) => write!(f, "parts/{owner}/{first_day}/{key}.json"),
            Self::Plan(owner, export) => write!(f, "plans/{owner}/{export}"),
            Self::Archive(owner, export, file) => write!(f, "archives/{owner}/{export}/{file}"),
        }
    }
}

impl FromStr for ObjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let unknown = || NameError::Object(text.chars().take(200).collect());
        let owner = |text: &str| text.parse::<Owner>().map_err(|_| unknown());
        let export = |text: &str| text.parse::<ExportId>().map_err(|_| unknown());
        match *text.split('/').collect::<Vec<_>>() {
            ["parts", of, first_day, file] => {
                let first_day = first_day.parse().map_err(|_| unknown())?;
                let part = |hex| key(hex).map(|key| (owner(of), key)).ok_or_else(unknown);
                let name = |(owner, key): (Result<Owner, _>, _)| owner.map(|owner| PartName { owner, first_day, key });
                match file.strip_suffix(".json") {
                    Some(hex) => part(hex).and_then(name).map(Self::PartSummary),
                    None => part(file).and_then(name).map(Self::Part),
                }
            }
            ["plans", of, id] => Ok(Self::Plan(owner(of)?, export(id)?)),
            ["archives", of, id, file] => Ok(Self::Archive(owner(of)?, export(id)?, file.parse()?)),
            _ => Err(unknown()),
        }
    }
}

/// 64 lower-case hex digits.
fn key(hex: &str) -> Option<ContentKey> {
    let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if hex.len() != 64 || !hex.as_bytes().iter().all(digit) {
        return None;
    }
    let mut key = [0; 32];
    for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&hex[at..at + 2], 16).ok()?;
    }
    Some(ContentKey(key))
}

/// The name of a file that can be fetched: 1 to 200 of `[a-z0-9._-]`, not starting with a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

impl FileName {
    /// Greatest length in bytes.
    pub const LIMIT_BYTES: usize = 200;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FileName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        let fits = (1..=Self::LIMIT_BYTES).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('.');
        fits.then(|| Self(text.to_owned())).ok_or_else(|| NameError::File(text.chars().take(200).collect()))
    }
}

/// Some objects by the beginning of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// All parts and their summaries.
    Parts,
    /// Those of one owner.
    PartsOf(Owner),
    /// Those of one owner whose slice begins on this day.
    PartsOn(Owner, Day),
    /// All plans.
    Plans,
    /// All archives.
    Archives,
    /// The files of one export.
    ArchivesOf(Owner, ExportId),
}

impl Prefix {
    /// Whether a name begins like this.
    pub fn contains(&self, name: &ObjectName) -> bool {
        name.to_string().strip_prefix(&self.to_string()).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The beginning of the names, without the slash that follows it.
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parts => f.write_str("parts"),
            Self::PartsOf(owner) => write!(f, "parts/{owner}"),
            Self::PartsOn(owner, day) => write!(f, "parts/{owner}/{day}"),
            Self::Plans => f.write_str("plans"),
            Self::Archives => f.write_str("archives"),
            Self::ArchivesOf(owner, export) => write!(f, "archives/{owner}/{export}"),
        }
    }
}

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Not the name of an object.
    #[error("'{0}' is not the name of an object")]
    Object(String),
    /// Not the name of a file.
    #[error("'{0}' is not a file name: use 1 to 200 of a-z, 0-9, '.', '_' and '-', without a dot in front")]
    File(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn a_name_is_read_back() {
        let owner: Owner = "org.acme".parse().unwrap();
        let (day, key, export) = ("2021-01-01".parse().unwrap(), ContentKey([0xab; 32]), EXPORT.parse().unwrap());
        let hex = "ab".repeat(32);
        for (name, text) in [
            (ObjectName::part(&owner, day, key), format!("parts/org.acme/2021-01-01/{hex}")),
            (ObjectName::part_summary(&owner, day, key), format!("parts/org.acme/2021-01-01/{hex}.json")),
            (ObjectName::plan(&owner, export), format!("plans/org.acme/{EXPORT}")),
            (ObjectName::archive(&owner, export, "q.zip").unwrap(), format!("archives/org.acme/{EXPORT}/q.zip")),
        ] {
            assert_eq!(name.to_string(), text);
            assert_eq!(text.parse::<ObjectName>(), Ok(name.clone()));
            assert_eq!(name.owner(), &owner);
        }
    }

    #[test]
    fn nothing_else_is_a_name() {
        let upper = "AB".repeat(32);
        for bad in [
            "",
            "parts",
            "parts/org.acme/2021-01-01/ab",
            &format!("parts/org.acme/2021-01-01/{upper}"),
            &format!("parts/org.acme/2021-1-1/{}", "ab".repeat(32)),
            &format!("plans/acme/{EXPORT}"),
            "plans/org.acme/../x",
            &format!("archives/org.acme/{EXPORT}/"),
            &format!("archives/org.acme/{EXPORT}/..\u{0}"),
            &format!("archives/org.acme/{EXPORT}/a/b"),
            &format!("/archives/org.acme/{EXPORT}/a"),
        ] {
            assert!(bad.parse::<ObjectName>().is_err(), "{bad}");
        }
        for bad in ["", ".", "..", ".hidden", "a b", "A", "a/b", "é", &"x".repeat(201)] {
            assert!(bad.parse::<FileName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_prefix_ends_where_a_name_does() {
        let plan = |owner: &str| ObjectName::plan(&owner.parse().unwrap(), EXPORT.parse().unwrap());
        let part = ObjectName::part(&"org.a".parse().unwrap(), Day(0), ContentKey([0; 32]));
        assert!(Prefix::Plans.contains(&plan("org.a")) && !Prefix::Parts.contains(&plan("org.a")));
        assert!(Prefix::PartsOf("org.a".parse().unwrap()).contains(&part));
        assert!(!Prefix::PartsOf("org.a-b".parse().unwrap()).contains(&part));
        assert!(Prefix::PartsOn("org.a".parse().unwrap(), Day(0)).contains(&part));
    }
}

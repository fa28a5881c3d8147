//! The intent file: one JSON object a line, each naming a file outside the staging folder before it is touched.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::LakeError;

const NAME: &str = "intent";

/// One file outside the staging folder, and when it is to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Intent {
    /// A data file or its sums: wanted by whichever attempt wins.
    Data {
        /// Its path.
        path: String,
    },
    /// A metadata file of one attempt to commit: wanted only if that attempt wins.
    Attempt {
        /// The id of the attempt's snapshot.
        attempt: i64,
        /// Its path.
        path: String,
    },
    /// An old metadata file that one attempt pushes out of the table's history: unwanted once that attempt has won.
    Replaced {
        /// The id of the attempt's snapshot.
        attempt: i64,
        /// Its path.
        path: String,
    },
}

impl Intent {
    /// The file.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Data { path } | Self::Attempt { path, .. } | Self::Replaced { path, .. } => path,
        }
    }

    /// Whether nobody needs the file once attempt `won`, or none, was committed and nothing else will be.
    pub(crate) fn is_refuse(&self, won: Option<i64>) -> bool {
        match self {
            Self::Data { .. } => won.is_none(),
            Self::Attempt { attempt, .. } => won != Some(*attempt),
            Self::Replaced { attempt, .. } => won == Some(*attempt),
        }
    }
}

/// Makes the empty, durable intent file of a new folder.
pub(crate) fn create(folder: &Path) -> Result<File, LakeError> {
    let file = disk::create_file(&folder.join(NAME))?;
    disk::sync_folder(folder)?;
    Ok(file)
}

/// Appends lines; they are durable when this returns.
pub(crate) fn append(file: &mut File, intents: &[Intent]) -> io::Result<()> {
    let mut lines = Vec::new();
    for intent in intents {
        serde_json::to_writer(&mut lines, intent)?;
        lines.push(b'\n');
    }
    file.write_all(&lines)?;
    file.sync_data()
}

/// What the intent file of `folder` names. A last line without its end was never acted on, so it is left out.
pub(crate) fn announced(folder: &Path) -> Result<Vec<Intent>, LakeError> {
    let path = folder.join(NAME);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LakeError::io("read", &path)(error)),
    };
    let complete = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let lines = text[..complete].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let parse = |line| serde_json::from_slice(line).map_err(|error| LakeError::io("understand", &path)(error.into()));
    lines.map(parse).collect()
}

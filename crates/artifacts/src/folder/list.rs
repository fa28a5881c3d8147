//! Listing objects, folder by folder.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::{ArtifactError, ObjectName};

/// At most `limit` objects below `prefix` after `after`, ordered by the parts of their names. Files that are not ours
/// are passed over.
pub(super) fn list(
    root: &Path,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<ObjectName>, ArtifactError> {
    let mut found = Vec::new();
    // A name before the prefix leaves all of it, one behind it nothing.
    let after: Option<Vec<&str>> = after.map(|after| after.split('/').collect());
    let inside: Vec<&str> = prefix.split('/').collect();
    let after = match &after {
        Some(after) if after.starts_with(&inside) => Some(&after[inside.len()..]),
        Some(after) if after[..] > inside[..] => return Ok(found),
        _ => None,
    };
    walk(root, prefix, after, limit, &mut found)?;
    Ok(found)
}

fn walk(
    root: &Path,
    folder: &str,
    after: Option<&[&str]>,
    limit: usize,
    found: &mut Vec<ObjectName>,
) -> Result<(), ArtifactError> {
    for (entry, is_folder) in entries(&root.join(folder))? {
        if found.len() >= limit {
            break;
        }
        let rest = match after.and_then(<[_]>::split_first) {
            Some((first, _)) if entry.as_str() < *first => continue,
            Some((first, rest)) if entry == *first => Some(rest),
            _ => None,
        };
        let path = format!("{folder}/{entry}");
        if is_folder {
            walk(root, &path, rest, limit, found)?;
        } else if rest.is_none() {
            found.extend(path.parse::<ObjectName>());
        }
    }
    Ok(())
}

/// What lies in a folder, by name, and whether it is a folder itself.
fn entries(folder: &Path) -> Result<Vec<(String, bool)>, ArtifactError> {
    let read = || -> io::Result<Vec<(String, bool)>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                entries.push((name, entry.file_type()?.is_dir()));
            }
        }
        entries.sort_unstable();
        Ok(entries)
    };
    match read() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        read => read.map_err(ArtifactError::io("list a folder")),
    }
}

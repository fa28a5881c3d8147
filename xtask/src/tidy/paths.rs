//! No file names a folder of the machine it was written on.

use super::Finding;
use super::tree::Tree;

/// In pieces, since this file is looked through too.
pub const FOLDERS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/tm", "p/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Absolute paths into folders that only one machine has. `DATA/x/` and addresses are none.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (number, line) in (1..).zip(file.text.lines()) {
            if let Some(folder) = FOLDERS.iter().find(|folder| names_machine_path(line, folder)) {
                findings.push(Finding::new(&file.path, number, format!("names `{folder}`, a path of one machine")));
            }
        }
    }
    findings
}

fn names_machine_path(line: &str, folder: &str) -> bool {
    let continues = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || "_.-}~)/".contains(c));
    line.match_indices(folder).any(|(at, _)| !continues(&line[..at]))
}

//! The manifests: every crate takes the workspace's lints, and which crates of ours it names.

use super::Finding;
use super::tree::{File, Tree};

/// Where a dependency is declared, and of which kind it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub name: String,
    pub line: usize,
    /// Needed by tests, benches and examples only.
    pub is_dev: bool,
}

/// Crates that do not inherit the lints of the workspace.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let lacking = tree.crates().filter(|(_, file)| !inherits_lints(&file.text));
    lacking.map(|(_, file)| Finding::new(&file.path, 1, "does not say `[lints] workspace = true`")).collect()
}

fn inherits_lints(text: &str) -> bool {
    let mut section = "";
    text.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            section = line;
        }
        section == "[lints]" && line.replace(' ', "") == "workspace=true"
    })
}

/// Everything that a manifest depends on, renamed packages under their own name.
pub fn dependencies(file: &File) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut section = String::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']').to_owned();
            if let Some((kind, name)) = section.rsplit_once('.').filter(|(kind, _)| is_dependencies(kind)) {
                found.push(Dependency {
                    name: name.to_owned(),
                    line: number,
                    is_dev: kind.ends_with("dev-dependencies"),
                });
            }
        } else if let Some((key, value)) = line.split_once('=').filter(|_| is_dependencies(&section)) {
            let renamed = value.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1));
            let name = renamed.unwrap_or_else(|| key.trim().split('.').next().unwrap_or_default()).to_owned();
            found.push(Dependency { name, line: number, is_dev: section.ends_with("dev-dependencies") });
        }
    }
    found
}

fn is_dependencies(section: &str) -> bool {
    let last = section.rsplit('.').next().unwrap_or_default();
    matches!(last, "dependencies" | "dev-dependencies" | "build-dependencies") && !section.starts_with("workspace")
}

//! What the pages name exists: paths in backticks and the targets of links.

use super::Finding;
use super::tree::Tree;

/// Folders of the checkout by the house plan, whether they are there already or not.
const FOLDERS: [&str; 10] = [".cargo", ".ci", "benches", "crates", "deploy", "docs", "fuzz", "tests", "web", "xtask"];
const EXTENSIONS: [&str; 6] = [".rs", ".md", ".toml", ".py", ".java", ".sh"];

/// Names of files and folders that are not there.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in tree.files().iter().filter(|file| file.path.ends_with(".md")) {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in (1..).zip(page.text.lines()) {
            let named = quoted(line).filter(|name| !exists_as_named(tree, name));
            let linked = link_targets(line).filter(|target| !tree.has(&resolve(folder, target)));
            let missing = named.chain(linked);
            findings.extend(
                missing.map(|name| Finding::new(&page.path, number, format!("names `{name}`, which is not there"))),
            );
        }
    }
    findings
}

/// What stands between single backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    let text = if line.trim_start().starts_with("```") { "" } else { line };
    text.split('`').skip(1).step_by(2)
}

/// True for what is no path of the checkout at all.
fn exists_as_named(tree: &Tree, name: &str) -> bool {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b));
    let is_file = EXTENSIONS.iter().any(|end| name.ends_with(end) && name != *end);
    match name.split_once('/') {
        _ if !is_plain => true,
        Some((folder, _)) if FOLDERS.contains(&folder) => tree.has(name),
        Some(_) if is_file => tree.has_end(name),
        Some(_) => true,
        None => !is_file || tree.has_end(name),
    }
}

/// Targets of `[text](target)` that lie in the checkout, without their anchors.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let inside = targets.filter(|target| !target.contains(':') && !target.starts_with('#'));
    inside.filter_map(|target| target.split('#').next())
}

fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

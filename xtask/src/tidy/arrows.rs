//! Arrows between crates go down only, and are exactly those that ARCHITECTURE.md draws.

use super::Finding;
use super::manifests;
use super::tree::Tree;

const PAGE: &str = "ARCHITECTURE.md";
const FENCE: &str = "```arrows";

/// One line `crate -> crate, crate` or `crate -> nothing`.
struct Drawn {
    from: String,
    to: Vec<String>,
    line: usize,
}

/// Differences between the drawn arrows and the manifests.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.file(PAGE) else { return vec![Finding::new(PAGE, 1, "is missing")] };
    let drawn = drawn(&page.text);
    if drawn.is_empty() {
        return vec![Finding::new(PAGE, 1, format!("has no block {FENCE} with lines `crate -> crate, crate`"))];
    }
    let mut findings = upward(&drawn);
    for line in &drawn {
        if !tree.crates().any(|(name, _)| name == line.from) {
            findings.push(Finding::new(PAGE, line.line, format!("draws `{}`, which is no crate", line.from)));
        }
    }
    for (name, file) in tree.crates() {
        match drawn.iter().find(|line| line.from == name) {
            Some(line) => findings.extend(differences(tree, name, line)),
            None => findings.push(Finding::new(&file.path, 1, format!("`{name}` is not in the arrows of {PAGE}"))),
        }
    }
    findings
}

fn drawn(page: &str) -> Vec<Drawn> {
    let lines = (1..).zip(page.lines()).skip_while(|(_, line)| line.trim() != FENCE).skip(1);
    let block = lines.take_while(|(_, line)| line.trim() != "```");
    block
        .filter_map(|(number, line)| {
            let (from, to) = line.split_once("->")?;
            let to = to.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "nothing").collect();
            Some(Drawn { from: from.trim().to_owned(), to, line: number })
        })
        .collect()
}

/// An arrow may only point to a crate that stands further down in the block.
fn upward(drawn: &[Drawn]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, line) in drawn.iter().enumerate() {
        for to in &line.to {
            if !drawn[place + 1..].iter().any(|below| below.from == *to) {
                let what = format!("`{} -> {to}` does not go down: `{to}` has no line further below", line.from);
                findings.push(Finding::new(PAGE, line.line, what));
            }
        }
    }
    findings
}

fn differences(tree: &Tree, name: &str, line: &Drawn) -> Vec<Finding> {
    let Some((_, file)) = tree.crates().find(|(found, _)| *found == name) else { return Vec::new() };
    let is_ours = |name: &str| tree.crates().any(|(ours, _)| ours == name);
    let ours: Vec<_> =
        manifests::dependencies(file).into_iter().filter(|dependency| is_ours(&dependency.name)).collect();
    let mut findings = Vec::new();
    for dependency in &ours {
        // Tests may also use the test kit, real engines, and their own crate with other features.
        let is_for_tests = dependency.is_dev && ["testkit", "engines", name].contains(&dependency.name.as_str());
        let is_drawn = line.to.contains(&dependency.name) || is_for_tests;
        if !is_drawn {
            let what = format!("`{name} -> {}` is not drawn in {PAGE}", dependency.name);
            findings.push(Finding::new(&file.path, dependency.line, what));
        }
    }
    for to in &line.to {
        if !ours.iter().any(|dependency| dependency.name == *to && !dependency.is_dev) {
            let what = format!("`{name} -> {to}` is drawn, but {} does not depend on it", file.path);
            findings.push(Finding::new(PAGE, line.line, what));
        }
    }
    findings
}

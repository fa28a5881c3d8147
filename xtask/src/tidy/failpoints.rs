//! Every place where a test can kill the process is listed in docs/faults.md under its crate, and no other.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::Tree;

const PAGE: &str = "docs/faults.md";
const CALL: &str = "fail_point!(";

/// Crate and name of a failpoint, and where it was met first.
type Places = BTreeMap<(String, String), (String, usize)>;

/// Failpoints that only the code or only the page knows.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let in_code = in_code(tree, &mut findings);
    let on_page = on_page(tree);
    for ((owner, name), (path, line)) in &in_code {
        if !on_page.contains_key(&(owner.clone(), name.clone())) {
            findings.push(Finding::new(
                path,
                *line,
                format!("failpoint `{name}` is not listed under `{owner}` in {PAGE}"),
            ));
        }
    }
    for ((owner, name), (path, line)) in &on_page {
        if !in_code.contains_key(&(owner.clone(), name.clone())) {
            findings.push(Finding::new(path, *line, format!("failpoint `{name}` is nowhere in the code of `{owner}`")));
        }
    }
    findings
}

fn in_code(tree: &Tree, findings: &mut Vec<Finding>) -> Places {
    let mut places = Places::new();
    for (file, source) in tree.rust() {
        let Some(owner) = file.path.strip_prefix("crates/").and_then(|rest| rest.split('/').next()) else { continue };
        for at in source.find(CALL).filter(|at| !source.is_test(*at)) {
            let line = source.line(at);
            let argument = file.text[at + CALL.len()..].trim_start();
            match argument.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
                Some((name, _)) => {
                    places.entry((owner.to_owned(), name.to_owned())).or_insert((file.path.clone(), line));
                }
                None => findings.push(Finding::new(
                    &file.path,
                    line,
                    "a failpoint is named by a literal, so that it can be found",
                )),
            }
        }
    }
    places
}

/// Items `- \`name\`` below a heading `## crate`.
fn on_page(tree: &Tree) -> Places {
    let mut places = Places::new();
    let Some(page) = tree.file(PAGE) else { return places };
    let mut owner = String::new();
    for (number, line) in (1..).zip(page.text.lines()) {
        if let Some(heading) = line.strip_prefix("## ") {
            owner = heading.trim().to_owned();
        } else if let Some((name, _)) = line.strip_prefix("- `").and_then(|rest| rest.split_once('`')) {
            places.insert((owner.clone(), name.to_owned()), (page.path.clone(), number));
        }
    }
    places
}

//! A file holds one idea, a function fits on a screen, and a file says first what it is.

use super::Finding;
use super::tree::Tree;

const FILE_LINES_LIMIT: usize = 300;
const FUNCTION_LINES_LIMIT: usize = 70;

/// Files and functions that are too long, and files without a first sentence.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in tree.rust() {
        if !file.text.starts_with("//! ") {
            findings.push(Finding::new(&file.path, 1, "opens without `//!` and a sentence"));
        }
        let lines = source.lines_without_tests();
        if lines > FILE_LINES_LIMIT {
            let what = format!("has {lines} lines without tests, the limit is {FILE_LINES_LIMIT}");
            findings.push(Finding::new(&file.path, 1, what));
        }
        for (name, extent) in source.functions() {
            let (first, last) = (source.line(extent.start), source.line(extent.end));
            let lines = last - first + 1;
            if lines > FUNCTION_LINES_LIMIT {
                let what = format!("`{name}` has {lines} lines, the limit is {FUNCTION_LINES_LIMIT}");
                findings.push(Finding::new(&file.path, first, what));
            }
        }
    }
    findings
}

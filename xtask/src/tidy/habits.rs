//! What code here does without: `unwrap` outside tests, switched-off lints, skipped tests.

use super::Finding;
use super::source::Source;
use super::tree::{File, Tree};

/// Forbidden calls and attributes.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(|(file, source)| unwraps(file, source).chain(attributes(file, source))).collect()
}

fn unwraps<'a>(file: &'a File, source: &'a Source) -> impl Iterator<Item = Finding> + 'a {
    let outside = source.find(".unwrap()").filter(|at| !source.is_test(*at));
    outside.map(|at| {
        Finding::new(&file.path, source.line(at), "`.unwrap()` outside tests: say why with `expect`, or pass it on")
    })
}

fn attributes<'a>(file: &'a File, source: &'a Source) -> impl Iterator<Item = Finding> + 'a {
    source.attributes().into_iter().filter_map(|extent| {
        let inside = &source.code[extent.clone()];
        let what = if inside.starts_with(b"ignore") {
            "a test that is ignored tests nothing: run it or remove it"
        } else if has_call(inside, b"allow(") {
            "`allow` hides: use `#[expect(.., reason = \"..\")]`"
        } else {
            return None;
        };
        Some(Finding::new(&file.path, source.line(extent.start), what))
    })
}

/// Whether `call` stands in `inside` and is not the end of a longer name.
fn has_call(inside: &[u8], call: &[u8]) -> bool {
    let mut places = inside.windows(call.len()).enumerate().filter(|(_, window)| *window == call);
    places.any(|(at, _)| at == 0 || !(inside[at - 1].is_ascii_alphanumeric() || inside[at - 1] == b'_'))
}

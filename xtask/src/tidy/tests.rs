//! Each check is silent on a small tidy tree and speaks up when one thing in it is changed.

use super::source::Source;
use super::tree::Tree;
use super::{Finding, findings};

const LOWER: &str = "[package]\nname = \"lower\"\n\n[dependencies]\nserde = \"1\"\n\n[lints]\nworkspace = true\n";
const UPPER: &str = "[package]\nname = \"upper\"\n\n[dependencies]\nlower.workspace = true\n\n[dev-dependencies]\n\
                     testkit.workspace = true\n\n[lints]\nworkspace = true\n";
const TESTKIT: &str = "[dependencies]\nlower = { path = \"../lower\" }\n\n[lints]\nworkspace = true\n";
const PAGE: &str = "See `crates/upper/src/lib.rs`, `lib.rs` and [faults](docs/faults.md#here), at `Europe/Berlin`.\n\
                    ```arrows\ntestkit -> lower\nupper -> lower\nlower -> nothing\n```\n";
const FAULTS: &str = "# Faults\n## lower\n- `write.done`: after the write\n";
const LOWER_CODE: &str = "//! Lower.\nfn f() {\n    fail::fail_point!(\"write.done\");\n}\n#[cfg(test)]\nmod tests {\n    \
                          fn t() {\n        x.unwrap();\n    }\n}\n";

fn tidy() -> Vec<(&'static str, String)> {
    let files = [
        ("ARCHITECTURE.md", PAGE),
        ("docs/faults.md", FAULTS),
        ("crates/lower/Cargo.toml", LOWER),
        ("crates/upper/Cargo.toml", UPPER),
        ("crates/testkit/Cargo.toml", TESTKIT),
        ("crates/lower/src/lib.rs", LOWER_CODE),
        ("crates/upper/src/lib.rs", "//! Upper.\nfn f() {}\n"),
    ];
    files.map(|(path, text)| (path, text.to_owned())).to_vec()
}

fn look(files: Vec<(&str, String)>) -> Vec<Finding> {
    findings(&Tree::of(files.into_iter().map(|(path, text)| (path.to_owned(), Some(text)))))
}

/// Writes `to` for `from` in one file of the tidy tree and expects a finding there, on that line, that says `expected`.
fn check(path: &str, from: &str, to: &str, line: usize, expected: &str) {
    let mut files = tidy();
    let file = files.iter_mut().find(|(found, _)| *found == path).unwrap();
    assert!(file.1.contains(from), "{from:?} is not in {path}");
    file.1 = file.1.replace(from, to);
    let found = look(files);
    let is_expected = |f: &Finding| f.path == path && f.line == line && f.what.contains(expected);
    assert!(found.iter().any(is_expected), "wanted {path}:{line}: {expected}, found {found:#?}");
}

const UPPER_CODE: &str = "crates/upper/src/lib.rs";

#[test]
fn a_tidy_tree_has_no_findings() {
    assert_eq!(look(tidy()), []);
}

#[test]
fn arrows_that_are_not_drawn() {
    let manifest = "crates/lower/Cargo.toml";
    check(manifest, "serde = \"1\"", "upper.workspace = true", 5, "`lower -> upper` is not drawn");
    check(manifest, "serde = \"1\"", "u = { package = \"upper\", path = \"x\" }", 5, "`lower -> upper` is not drawn");
    check(manifest, "[lints]", "[build-dependencies.upper]\npath = \"x\"\n[lints]", 7, "`lower -> upper` is not drawn");
    check(
        manifest,
        "[dependencies]",
        "[dev-dependencies]\nupper = \"1\"\n[dependencies]",
        5,
        "`lower -> upper` is not drawn",
    );
    check(manifest, "serde = \"1\"", "testkit.workspace = true", 5, "`lower -> testkit` is not drawn");
}

#[test]
fn arrows_that_are_drawn_wrongly() {
    let page = "ARCHITECTURE.md";
    check(page, "lower -> nothing", "lower -> upper", 5, "`lower -> upper` does not go down");
    check(page, "lower -> nothing", "lower -> nothing\nghost -> nothing", 6, "`ghost`, which is no crate");
    check(page, "upper -> lower", "upper -> lower, testkit", 4, "`upper -> testkit`");
    check(page, "testkit -> lower", "testkit -> lower, upper", 3, "is drawn, but crates/testkit/Cargo.toml does not");
    check(page, "```arrows", "```", 1, "has no block");
}

#[test]
fn a_crate_without_the_lints() {
    check("crates/lower/Cargo.toml", "[lints]", "[other]", 1, "[lints] workspace = true");
}

#[test]
fn files_and_functions_that_are_too_long() {
    let line = "// more\n";
    check(UPPER_CODE, "fn f() {}\n", &line.repeat(300), 1, "has 301 lines without tests");
    let long = format!("\nfn f() {{\n{}}}\n", "    g();\n".repeat(69));
    check(UPPER_CODE, "fn f() {}\n", &long, 3, "`f` has 71 lines");
    let mut files = tidy();
    files[6].1 = format!("//! Upper.\n#[cfg(test)]\nmod tests {{\n{}}}\n", line.repeat(400));
    files.push(("crates/upper/src/a/tests.rs", format!("//! Tests.\n{}", line.repeat(400))));
    assert_eq!(look(files), []);
}

#[test]
fn a_file_that_does_not_say_what_it_is() {
    check(UPPER_CODE, "//! Upper.", "// Upper.", 1, "opens without");
}

#[test]
fn paths_on_pages_that_lead_nowhere() {
    let page = "ARCHITECTURE.md";
    check(page, "crates/upper/src/lib.rs", "crates/upper/src/main.rs", 1, "`crates/upper/src/main.rs`");
    check(page, "`lib.rs`", "`gone.rs`", 1, "`gone.rs`");
    check(page, "`lib.rs`", "`src/gone.rs`", 1, "`src/gone.rs`");
    check(page, "docs/faults.md#here", "docs/gone.md#here", 1, "`docs/gone.md`");
    check(
        "docs/faults.md",
        "# Faults",
        "[up](../ARCHITECTURE.md) [gone](../../ARCHITECTURES.md)",
        1,
        "ARCHITECTURES.md",
    );
    check("docs/faults.md", "# Faults", "`deploy/cost/`", 1, "`deploy/cost/`");
}

#[test]
fn failpoints_and_their_page_agree() {
    let code = "crates/lower/src/lib.rs";
    check(code, "write.done", "write.other", 3, "`write.other` is not listed under `lower`");
    check(code, "\"write.done\"", "NAME", 3, "named by a literal");
    check("docs/faults.md", "write.done", "write.gone", 3, "`write.gone` is nowhere");
    check("docs/faults.md", "## lower", "## upper", 3, "nowhere in the code of `upper`");
}

#[test]
fn paths_of_one_machine() {
    for folder in super::paths::FOLDERS {
        check(UPPER_CODE, "Upper.", &format!("Upper, see {folder}x"), 1, "a path of one machine");
        check("docs/faults.md", "# Faults", &format!("\n`{folder}x`"), 2, "a path of one machine");
        let mut files = tidy();
        files[6].1 += &format!("// DATA{folder} and https://example.com{folder}\n");
        assert_eq!(look(files), []);
    }
}

#[test]
fn habits_that_are_not_ours() {
    check(UPPER_CODE, "fn f() {}", "fn f() {\n    x\n        .unwrap();\n}", 4, "`.unwrap()` outside tests");
    check(UPPER_CODE, "fn f() {}", "#[allow(dead_code)]\nfn f() {}", 2, "`allow` hides");
    check(UPPER_CODE, "fn f() {}", "#![cfg_attr(test, allow(dead_code))]", 2, "`allow` hides");
    check(UPPER_CODE, "fn f() {}", "#[test]\n#[ignore = \"slow\"]\nfn f() {}", 3, "ignored tests nothing");
    let mut files = tidy();
    files[6].1 +=
        "// x.unwrap() #[ignore]\nconst S: &str = \"#[allow(x)] .unwrap()\";\n#[disallow(x)]\nfn g() { allow(1) }\n";
    assert_eq!(look(files), []);
}

#[test]
fn a_module_that_only_tests_see_is_a_test() {
    let mut files = tidy();
    files[6].1 = "//! Upper.\nmod a;\n#[cfg(test)]\npub(crate) mod kit;\n".to_owned();
    files.push(("crates/upper/src/a.rs", "//! A.\n#[cfg(test)]\nmod inner;\n".to_owned()));
    for path in ["crates/upper/src/kit.rs", "crates/upper/src/kit/more.rs", "crates/upper/src/a/inner.rs"] {
        files.push((path, "//! Test.\nfn f() {\n    x.unwrap();\n}\n".to_owned()));
    }
    assert_eq!(look(files.clone()), []);
    files.push(("crates/upper/src/kite.rs", "//! Not.\nfn f() {\n    x.unwrap();\n}\n".to_owned()));
    assert_eq!(look(files).len(), 1);
}

#[test]
fn literals_and_comments_are_no_code() {
    let text = r####"a "x{" 'b' '{' '\'' b'}' r"}\" r#"}"#  /* { /* } */ */ b"\"{" 'life, r#type // }
c"####;
    let code = String::from_utf8(Source::new("x.rs", text).code).unwrap();
    assert_eq!(code.len(), text.len());
    assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "'life,", "r#type", "c"]);
}

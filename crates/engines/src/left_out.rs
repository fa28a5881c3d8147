//! What could not be tested here is said, not passed over.

use std::fs::OpenOptions;
use std::io::Write;

/// Says that the running test leaves something out because `lacking` is not there; the test then passes.
///
/// The line goes to the file of `OUTHAUL_LEFT_OUT`, which `cargo xtask test` prints at its end.
pub fn left_out(lacking: &str) {
    left_out_of(&name_of_test(), lacking);
}

/// The same of the test `test`.
pub fn left_out_of(test: &str, lacking: &str) {
    println!("left out of {test}: {lacking}");
    if let Some(path) = std::env::var_os("OUTHAUL_LEFT_OUT") {
        let list = OpenOptions::new().create(true).append(true).open(path);
        // The line above has said it already.
        let _ = list.and_then(|mut list| writeln!(list, "{test}: {lacking}"));
    }
}

/// The test's thread has its name; where tests run one at a time on the main thread, the runner's filter is the name.
fn name_of_test() -> String {
    if let Some(name) = std::thread::current().name().filter(|name| *name != "main") {
        return name.to_owned();
    }
    let mut words = std::env::args().skip_while(|word| word != "--exact").skip(1);
    let name = words.find(|word| !word.starts_with('-')).or_else(|| std::env::args().nth(1));
    name.unwrap_or_else(|| "a test".to_owned())
}

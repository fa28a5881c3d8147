//! The encoder once over 10,000 rows, to be counted by callgrind: `just instructions`.
//!
//! The argument says how the rows are wrapped: `raw` is CSV and hashes, `zip` compresses too, and `none` only makes the
//! rows, to be subtracted from the others.

mod messages;

use encoder::part::Container;

use self::messages::{Messages, part_bytes};

const ROWS: usize = 10_000;

fn main() {
    let asked = |wrap: &str| std::env::args().any(|argument| argument == wrap);
    let batches = Messages::new(1).batches(ROWS);
    if asked("raw") {
        println!("raw: {} bytes", part_bytes(Container::Raw, &batches));
    }
    if asked("zip") {
        println!("zip: {} bytes", part_bytes(Container::Zip, &batches));
    }
}

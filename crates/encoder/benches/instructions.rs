//! The encoder once over 10,000 rows, to be counted by callgrind: `just instructions`.
//!
//! The argument says how the rows are wrapped: `raw` is CSV and hashes, `zip` compresses too, and `none` only makes the
//! rows, to be subtracted from the others.

mod messages;

use arrow_array::RecordBatch;
use encoder::csv::Profile;
use encoder::part::{Container, PartEncoder, PartOptions};

use self::messages::Messages;

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

fn part_bytes(container: Container, batches: &[RecordBatch]) -> u64 {
    let options = PartOptions { container, schema: Messages::schema(), profile: Profile::Rfc4180, sha256: false };
    let mut encoder = PartEncoder::new(options, Vec::new()).expect("messages can be written");
    encoder.begin_entry("messages.csv").expect("the name is fit");
    batches.iter().for_each(|batch| encoder.write(batch).expect("memory takes all"));
    encoder.end_entry().expect("memory takes all");
    encoder.finish().expect("memory takes all").0.total_bytes
}

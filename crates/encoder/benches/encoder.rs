//! How fast rows become CSV, CSV becomes deflate, and both become a part: `cargo bench -p encoder --bench encoder`.

mod messages;

use divan::Bencher;
use divan::counter::BytesCount;
use encoder::csv::{CsvEncoder, Profile};
use encoder::deflate::Deflater;
use encoder::hash::PlainHasher;
use encoder::part::Container;

use self::messages::{Messages, part_bytes};

/// Few enough that one round fits between two looks of the scheduler: on a busy machine the fastest round is undisturbed.
const ROWS: usize = 4_096;
/// Rows that are written for other compressors.
const FILE_ROWS: usize = 32_768;

fn main() {
    match std::env::var_os("MESSAGES_CSV") {
        // What the benches compress, for other compressors.
        Some(path) => std::fs::write(path, text(FILE_ROWS)).expect("the file can be written"),
        None => divan::main(),
    }
}

fn text(rows: usize) -> Vec<u8> {
    let mut encoder = CsvEncoder::new(&Messages::schema(), Profile::Rfc4180).expect("messages can be written");
    let mut text = Vec::new();
    for batch in Messages::new(1).batches(rows) {
        encoder.encode(&batch, &mut text).expect("messages can be written");
    }
    text
}

#[divan::bench]
fn csv(bencher: Bencher) {
    let batches = Messages::new(1).batches(ROWS);
    let mut encoder = CsvEncoder::new(&Messages::schema(), Profile::Rfc4180).expect("messages can be written");
    let mut out = Vec::new();
    bencher.counter(BytesCount::new(text(ROWS).len())).bench_local(|| {
        for batch in &batches {
            out.clear();
            encoder.encode(batch, &mut out).expect("messages can be written");
        }
    });
}

#[divan::bench]
fn deflate(bencher: Bencher) {
    let text = text(ROWS);
    let mut deflater = Deflater::default();
    bencher.counter(BytesCount::new(text.len())).bench_local(|| {
        let mut bytes = 0;
        let mut sink = |out: &[u8]| {
            bytes += out.len();
            Ok(())
        };
        deflater.write(&text, &mut sink).and_then(|()| deflater.finish(&mut sink)).expect("the sink takes all");
        bytes
    });
}

#[divan::bench]
fn plain_hashes(bencher: Bencher) {
    let text = text(ROWS);
    bencher.counter(BytesCount::new(text.len())).bench_local(|| {
        let mut hasher = PlainHasher::new(false);
        text.chunks(64 * 1024).for_each(|piece| hasher.update(piece));
        hasher.finish()
    });
}

#[divan::bench(args = [Container::Raw, Container::Zip])]
fn part(bencher: Bencher, container: Container) {
    let batches = Messages::new(1).batches(ROWS);
    bencher.counter(BytesCount::new(text(ROWS).len())).bench_local(|| part_bytes(container, &batches));
}

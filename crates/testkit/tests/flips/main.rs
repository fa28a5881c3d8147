//! 10,000 seeded damages, single-bit flips and cuts, to everything that is stored: never a wrong archive, never a false
//! `ok`. Each is found, or the bytes are those of the undisturbed run.

mod archives;
mod data;
mod lane;
mod parts;
mod plans;

use std::collections::BTreeMap;

use testkit::is_deep;

/// Of each kind; together they are the 10,000.
const VERIFIED_OF_EACH_FORMAT: usize = 2_000;
const HANDED_OUT: usize = 400;
const PARTS: usize = 1_600;
const DATA_FILES: usize = 1_200;
const LARGE_FILE: usize = 200;
const PLANS: usize = 600;

/// The share of a kind: all of it, and ten times as much where the bigger runs are asked for.
fn share(all: usize) -> usize {
    if is_deep() { all * 10 } else { all }
}

/// How the damages of one kind ended.
#[derive(Debug, Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, end: &'static str) {
        *self.0.entry(end).or_default() += 1;
    }

    fn add(&mut self, other: Self) {
        other.0.into_iter().for_each(|(end, times)| *self.0.entry(end).or_default() += times);
    }

    fn total(&self) -> usize {
        self.0.values().sum()
    }

    #[track_caller]
    fn say(&self, what: &str, expected: usize) {
        println!("{} damages to {what}: {:?}", self.total(), self.0);
        assert_eq!(self.total(), expected);
    }
}

#[test]
fn the_shares_are_the_ten_thousand() {
    assert_eq!(3 * VERIFIED_OF_EACH_FORMAT + HANDED_OUT + PARTS + DATA_FILES + LARGE_FILE + PLANS, 10_000);
}

//! Which files of a day have to be merged, and which can be read one after the other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use domain::time::Micros;

use super::DayCounters;
use crate::file::DataFile;

/// The files of one day that may hold rows of a window, as few chains as there can be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chains {
    /// In each chain every file ends before the next begins.
    pub chains: Vec<Vec<DataFile>>,
    /// The rows of files that lie outside the window as a whole.
    pub outside: DayCounters,
}

/// Cuts a day's files into chains. Files that share an instant overlap, since their rows of that instant may alternate.
pub(crate) fn chains(mut files: Vec<DataFile>, start: Micros, end: Micros) -> Chains {
    let mut found = Chains::default();
    files.sort_by(|a, b| (a.first_sent_at, a.last_sent_at, &a.path).cmp(&(b.first_sent_at, b.last_sent_at, &b.path)));
    let mut ends = BinaryHeap::new();
    for file in files {
        if file.last_sent_at < start {
            found.outside.before += file.rows;
        } else if file.first_sent_at >= end {
            found.outside.after += file.rows;
        } else {
            // The chain that ends first is free if any is.
            let free = ends.peek().is_some_and(|Reverse((end, _))| *end < file.first_sent_at);
            let chain = if free { ends.pop().map(|Reverse((_, chain))| chain) } else { None };
            let chain = chain.unwrap_or_else(|| {
                found.chains.push(Vec::new());
                found.chains.len() - 1
            });
            ends.push(Reverse((file.last_sent_at, chain)));
            found.chains[chain].push(file);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::Day;

    fn check(files: &[(i64, i64)], expected: &[&[(i64, i64)]], outside: (u64, u64)) {
        let file = |&(first, last): &(i64, i64)| DataFile {
            path: format!("{first}-{last}"),
            organisation: "o".parse().unwrap(),
            day: Day(0),
            rows: 1,
            bytes: 1,
            first_sent_at: Micros(first),
            last_sent_at: Micros(last),
        };
        let found = chains(files.iter().map(file).collect(), Micros(10), Micros(20));
        let bounds = |file: &DataFile| (file.first_sent_at.0, file.last_sent_at.0);
        let listed: Vec<Vec<_>> = found.chains.iter().map(|chain| chain.iter().map(bounds).collect()).collect();
        assert_eq!(listed, expected, "{files:?}");
        assert_eq!((found.outside.before, found.outside.after), outside, "{files:?}");
    }

    #[test]
    fn files_that_do_not_overlap_share_a_chain() {
        check(&[], &[], (0, 0));
        check(&[(15, 16), (11, 12), (17, 30), (0, 10)], &[&[(0, 10), (11, 12), (15, 16), (17, 30)]], (0, 0));
        check(&[(0, 9), (20, 20), (19, 25), (10, 10)], &[&[(10, 10), (19, 25)]], (1, 1));
    }

    #[test]
    fn files_that_share_an_instant_do_not() {
        check(&[(11, 12), (12, 13), (13, 14)], &[&[(11, 12), (13, 14)], &[(12, 13)]], (0, 0));
        check(&[(11, 11), (11, 11)], &[&[(11, 11)], &[(11, 11)]], (0, 0));
        check(&[(10, 19), (10, 12), (13, 14), (15, 19)], &[&[(10, 12), (13, 14), (15, 19)], &[(10, 19)]], (0, 0));
    }
}

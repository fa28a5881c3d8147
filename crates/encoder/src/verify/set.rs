//! Checking that volumes make a whole: one request, each number once, days and names one behind the other.

use super::{Facts, Report};
use crate::manifest::{ManifestHead, Volume};

/// Joins the reports of the files of one export, each with the name by which it is called in messages.
///
/// The result is `ok` where each of them is, and together they are all of one export. A single file that is no volume
/// is a whole of its own.
pub fn verify_set(files: &[(String, Report)]) -> Report {
    let mut whole = Report::default();
    for (name, report) in files {
        whole.rows += report.rows;
        whole.files += report.files;
        report.differences.iter().for_each(|it| whole.differs(&format!("{name}: {}", it.place), it.what.clone()));
    }
    let mut volumes: Vec<(&str, &Facts)> = Vec::new();
    for (name, report) in files {
        match &report.facts {
            Some(facts) => volumes.push((name, facts)),
            // Its own differences say why; what the others lack cannot be told.
            None => return whole.finish(),
        }
    }
    volumes.sort_by_key(|(_, facts)| facts.volume.map(|volume| volume.volume));
    check_numbers(&volumes, &mut whole);
    for pair in volumes.windows(2) {
        if let [(_, before), (name, after)] = pair {
            check_neighbours(before, after, name, &mut whole);
        }
    }
    whole.finish()
}

fn check_numbers(volumes: &[(&str, &Facts)], whole: &mut Report) {
    let numbers: Vec<Volume> = volumes.iter().filter_map(|(_, facts)| facts.volume).collect();
    if numbers.is_empty() && volumes.len() == 1 {
        return;
    }
    let expected = numbers.first().map_or(1, |volume| volume.volumes);
    let each_once =
        numbers.iter().zip(1..).all(|(volume, number)| *volume == Volume { volume: number, volumes: expected });
    if !each_once || numbers.len() != volumes.len() || numbers.len() as u64 != u64::from(expected) {
        whole.differs("set", format!("is not each of {expected} volumes once"));
    }
}

fn check_neighbours(before: &Facts, after: &Facts, name: &str, whole: &mut Report) {
    let asked = |facts: &Facts| ManifestHead { days: Vec::new(), ..facts.head.clone() };
    if asked(before) != asked(after) {
        whole.differs(name, "is a volume of another export");
    }
    // A day cut into windows may lie in both.
    let last = before.head.days.last().map(|days| days.last());
    let first = after.head.days.first().map(|days| days.first());
    if last != first && last.and_then(|day| day.next()) != first {
        whole.differs(name, "does not begin where the volume before it ends");
    }
    if after.first_name.is_some() && after.first_name <= before.last_name {
        whole.differs(name, "has files that belong before those of the volume before it");
    }
}

//! Under which keys exports, steps, clients' keys and counters lie.

use domain::export::Step;
use domain::ids::ExportId;
use domain::owner::Owner;
use domain::time::Day;
use stores::StoreError;
use stores::jobs::IdempotencyKey;

use crate::error::corrupt;
use crate::item::Key;
pub(super) use crate::keys::{owner, owner_of};

/// The second key of a lane.
const LANE: &str = "LANE";
/// Before all ids of exports, and behind them.
pub(super) const EXPORTS: [&str; 2] = ["EXPORT#", "EXPORT#~"];

pub(super) fn export(of: &Owner, id: ExportId) -> Key {
    Key::new(owner(of), format!("EXPORT#{id}"))
}

/// The export that lies under this second key.
pub(super) fn export_of(sk: &str) -> Result<ExportId, StoreError> {
    let id = sk.strip_prefix(EXPORTS[0]).ok_or_else(|| corrupt("an export", "its key has another form"))?;
    id.parse().map_err(|error| corrupt("an export", error))
}

/// What of an owner runs and waits, and how many exports there are in each state.
pub(super) fn active(of: &Owner) -> Key {
    Key::new(owner(of), "ACTIVE")
}

/// What an owner asked for on a day.
pub(super) fn day(of: &Owner, Day(day): Day) -> Key {
    Key::new(owner(of), format!("DAY#{day}"))
}

pub(super) fn client_key(of: &Owner, key: &IdempotencyKey) -> Key {
    let user = key.user.map_or(String::new(), |user| user.to_string());
    Key::new(owner(of), format!("IDEM#{user}#{}", key.key.as_str()))
}

/// The first key of the steps of an export, or of one of its lanes.
pub(super) fn steps(of: &Owner, id: ExportId, lane: Option<u32>) -> String {
    let all = format!("{}#EXPORT#{id}", owner(of));
    lane.map_or(all.clone(), |lane| format!("{all}#LANE#{lane:02}"))
}

/// The first keys of all steps of an export with so many lanes.
pub(super) fn all_steps(of: &Owner, id: ExportId, lanes: u32) -> Vec<String> {
    let lanes = (0..lanes).filter(|_| lanes > 1).map(Some);
    std::iter::once(None).chain(lanes).map(|lane| steps(of, id, lane)).collect()
}

pub(super) fn step(of: &Owner, id: ExportId, lane: Option<u32>, step: Step) -> Key {
    Key::new(steps(of, id, lane), second_of_step(step))
}

/// The summary of a lane; it lies with its steps, apart from those of other lanes, since they are written as often.
pub(super) fn lane(of: &Owner, id: ExportId, number: u32) -> Key {
    Key::new(steps(of, id, Some(number)), LANE)
}

/// The export that is due with an item: itself, or the one that the lane is of.
pub(super) fn export_key_of(key: &Key) -> Result<Key, StoreError> {
    if key.sk != LANE {
        return Ok(key.clone());
    }
    let parts = key.pk.split_once("#EXPORT#").and_then(|(of, rest)| Some((of, rest.split_once('#')?.0)));
    let (of, id) = parts.ok_or_else(|| corrupt("a lane", "its key has another form"))?;
    Ok(Key::new(of, format!("EXPORT#{id}")))
}

/// The second key of a step; segments sort by their number.
pub(super) fn second_of_step(step: Step) -> String {
    match step {
        Step::Segment(number) => format!("SEG#{number:010}"),
        other => format!("STEP#{}", other.kind()),
    }
}

/// The step that lies under this second key.
pub(super) fn step_of(sk: &str) -> Result<Step, StoreError> {
    let known = [Step::Plan, Step::Assemble, Step::Notify, Step::Expire, Step::Delete];
    let found = match sk.split_once('#') {
        Some(("SEG", number)) => number.parse().ok().map(Step::Segment),
        Some(("STEP", kind)) => known.into_iter().find(|step| step.kind() == kind),
        _ => None,
    };
    found.ok_or_else(|| corrupt("a step", "its key has another form"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for of in [Step::Segment(0), Step::Segment(u32::MAX), Step::Plan, Step::Assemble, Step::Notify, Step::Delete] {
            assert_eq!(step_of(&second_of_step(of)).unwrap(), of);
        }
        assert!(second_of_step(Step::Segment(9)) < second_of_step(Step::Segment(10)));
        let id: ExportId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
        let key = export(&"org.acme".parse().unwrap(), id);
        assert_eq!((key.pk.as_str(), export_of(&key.sk).unwrap()), ("ORG#acme", id));
        assert!(export_of("ACTIVE").is_err() && step_of("SEG#x").is_err());
        let of_lane = lane(&"org.acme".parse().unwrap(), id, 3);
        assert_eq!((export_key_of(&of_lane).unwrap(), export_key_of(&key).unwrap()), (key.clone(), key));
        assert!(export_key_of(&Key::new("ORG#acme", "LANE")).is_err());
    }
}

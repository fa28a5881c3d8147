//! Fences: a tag that keeps a commit out whose answer was lost, so that 'it was not made' is final.
//!
//! Each commit requires that the tag with its id is not there. A request that is still under way when the tag is set is refused
//! by the server itself, however late it comes.

use domain::ids::IngestId;
use domain::time::{Micros, SECOND};
use serde_json::{Value, json};

const PREFIX: &str = "outhaul-given-up-";
/// How long a fence stands: a commit is given up at most three days after its ingest began, by the age of orphans, and no
/// request is under way for a day.
const SECONDS: i64 = 4 * 24 * 3_600;

/// The tag of a commit.
pub(crate) fn name(id: IngestId) -> String {
    format!("{PREFIX}{id}")
}

/// Whether a reference is a fence.
pub(crate) fn is_one(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// What each commit requires.
pub(crate) fn requirement(id: IngestId) -> Value {
    json!({"type": "assert-ref-snapshot-id", "ref": name(id), "snapshot-id": null})
}

/// Sets the tag, at a snapshot that is there.
pub(crate) fn update(id: IngestId, snapshot_id: i64) -> Value {
    let (tag, age) = (name(id), SECONDS * 1_000);
    json!({"action": "set-snapshot-ref", "ref-name": tag, "type": "tag", "snapshot-id": snapshot_id, "max-ref-age-ms": age})
}

/// Takes those fences away that nobody can run into any more.
pub(crate) fn lifted(names: &[String], now: Micros) -> Vec<Value> {
    let is_old = |name: &&String| begun(name).is_some_and(|begun| begun.plus(SECONDS * SECOND) < now);
    names.iter().filter(is_old).map(|name| json!({"action": "remove-snapshot-ref", "ref-name": name})).collect()
}

/// When the ingest began that a fence is for: its id holds the time (UUID of version 7).
fn begun(name: &str) -> Option<Micros> {
    let id: IngestId = name.strip_prefix(PREFIX)?.parse().ok()?;
    let (seconds, nanos) = id.0.get_timestamp()?.to_unix();
    Some(Micros(i64::try_from(seconds).ok()? * SECOND + i64::from(nanos / 1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Never the same twice is not needed here.
    struct Zeros;

    impl domain::random::Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_fence_goes_when_nobody_can_run_into_it() {
        let begun = Micros(1_700_000_000 * SECOND);
        let names = [name(IngestId::new(begun, &Zeros)), format!("{PREFIX}nobody"), "main".to_owned()];
        assert_eq!(lifted(&names, begun.plus(SECONDS * SECOND)), Vec::<Value>::new());
        let [lift] = lifted(&names, begun.plus((SECONDS + 1) * SECOND)).try_into().unwrap();
        assert_eq!(lift, json!({"action": "remove-snapshot-ref", "ref-name": names[0]}));
    }
}

//! What clients see of an export follows from its record alone.

use domain::export::{FailedSegment, FailureCode, Fresh, PlanFacts};
use domain::limits::Limits;
use domain::owner::Owner;
use domain::request::Shape;
use serde_json::{Value, json};

use super::*;
use crate::exports::request::parse;

const NOW: Micros = Micros(1_700_000_000_000_000);
const SOON: Micros = Micros(NOW.0 + 500_000);

fn export(state: State) -> Export {
    let owner: Owner = "org.acme".parse().unwrap();
    let body = json!({"dataset": "messages", "from": "2024-01-01", "to": "2024-01-31"});
    let request = parse(&owner, &body, Shape::of(&Limits::default(), false)).unwrap();
    let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let plan = Some(PlanFacts { snapshot: 7, segments: 4, rows: 100 });
    Export { state, plan, built_parts: 3, rows: 75, bytes: 10, ..Export::new(id, owner, request, Micros(0)) }
}

fn seen(state: State) -> Value {
    serde_json::to_value(ExportView::new(&export(state), NOW, 8)).unwrap()
}

fn running(change: impl FnOnce(&mut Segments)) -> State {
    let mut segments = Segments { fresh: Fresh::default(), done: 3, ..Segments::planned(4) };
    change(&mut segments);
    State::Running(Phase::Segments(segments))
}

fn check(state: State, expected: Value) {
    let found = seen(state.clone());
    assert_eq!(found.get("waits_for").cloned().unwrap_or_default(), expected, "{state:?}");
}

#[test]
fn a_waiting_export_says_why() {
    check(State::Queued, json!({"reason": "place"}));
    check(State::Running(Phase::Plan(Slot::Ready(Micros(0)))), json!({"reason": "workers"}));
    check(State::Running(Phase::Plan(Slot::Leased(SOON))), Value::Null);
    let retry = json!({"reason": "retry", "until": SOON.to_string()});
    check(State::Running(Phase::Assemble(Slot::Ready(SOON))), retry.clone());
    check(running(|segments| segments.leased = 1), Value::Null);
    check(running(|segments| segments.fresh = Fresh::of([(3, 4)])), json!({"reason": "workers"}));
    check(running(|segments| segments.retry.extend([(2, SOON)])), retry);
    check(running(|segments| segments.retry.extend([(2, NOW)])), json!({"reason": "workers"}));
    check(State::Expired { finished_at: NOW }, Value::Null);
}

#[test]
fn progress_counts_segments() {
    let progress = |state: State| seen(state)["progress"].clone();
    let expected = json!({"segments": 4, "segments_done": 3, "rows": 75, "bytes": 10});
    assert_eq!(progress(running(|_| ())), expected);
    assert_eq!(progress(State::Running(Phase::Assemble(Slot::Ready(NOW))))["segments_done"], 4);
    let queued = Export { plan: None, built_parts: 0, ..export(State::Queued) };
    assert_eq!(
        ExportView::new(&queued, NOW, 8).progress,
        Progress { segments: None, segments_done: 0, rows: 75, bytes: 10 }
    );
}

#[test]
fn a_failure_names_each_day_once() {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let segment = |number, days| FailedSegment { number, days };
    let segments = vec![
        segment(1, Some((day("2024-01-30"), day("2024-02-01")))),
        segment(2, Some((day("2024-02-01"), day("2024-02-01")))),
        segment(3, None),
    ];
    let failure =
        Failure { code: FailureCode::StepFailed, message: "why".to_owned(), segments, rest: Some(Fresh::default()) };
    let state = State::Failed { finished_at: NOW, failure, notify: None, removal: None };
    let expected = json!({"code": "step_failed", "message": "why", "days": ["2024-01-30", "2024-01-31", "2024-02-01"]});
    assert_eq!(seen(state)["failure"], expected);
}

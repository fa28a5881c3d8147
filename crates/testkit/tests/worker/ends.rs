//! Exports that are cancelled at any moment, and those whose time is over.

use std::time::Duration;

use artifacts::{ObjectName, Prefix};
use domain::export::{Outcome, State, Step};
use domain::request::{Format, Request};
use stores::Jobs;
use testkit::{Event, JobStore, Moment, System, request};

use crate::{DAYS, messages, settings, system};

over_both_stores! {
    a_cancelled_plan_leaves_nothing,
    a_cancelled_segment_leaves_nothing,
    a_cancelled_assembly_leaves_nothing,
    a_deleted_export_loses_its_files,
    files_live_their_time_and_no_longer,
}

/// Where the worker is when somebody cancels.
type Where = fn(&Moment) -> bool;

fn storing_the_plan(moment: &Moment) -> bool {
    matches!(moment, Moment::Put(ObjectName::Plan(..)))
}

fn planned(moment: &Moment) -> bool {
    matches!(moment, Moment::Record(_, Outcome::Planned(_)))
}

fn beginning_a_part(moment: &Moment) -> bool {
    matches!(moment, Moment::Begin(ObjectName::Part(_)))
}

fn storing_a_record(moment: &Moment) -> bool {
    matches!(moment, Moment::Put(ObjectName::PartSummary(_)))
}

fn part_built(moment: &Moment) -> bool {
    matches!(moment, Moment::Record(_, Outcome::SegmentDone { .. }))
}

fn assembling(moment: &Moment) -> bool {
    matches!(moment, Moment::Assemble(_))
}

fn storing_the_manifest(moment: &Moment) -> bool {
    matches!(moment, Moment::Put(ObjectName::Archive(..)))
}

fn assembled(moment: &Moment) -> bool {
    matches!(moment, Moment::Record(_, Outcome::Assembled { .. }))
}

/// Cancels while one worker is held at `at`. A second one runs the removal meanwhile; only then the first goes on.
async fn check(jobs: JobStore, at: Where, reuse: bool) {
    let system = System::with(settings(jobs).limits(|limits| limits.running_exports_per_organisation = 1)).await;
    system.ingest_generated("acme", messages(1)).await;
    let asked = Request { format: Format::Csv, reuse, ..request(DAYS.0, DAYS.1) };
    let cancelled = system.create_export("acme", asked).await;
    let waiting = system.create_export("acme", request("2024-01-02", "2024-01-02")).await;
    let of = cancelled.id;
    let gate = system.hold(move |moment| at(moment) && is_of(moment, of));
    let held = system.workers(1).await;
    gate.reached_by(1).await;
    system.jobs.cancel(&cancelled.owner, cancelled.id).await.unwrap();
    // At once the place is free.
    assert!(matches!(system.get(&waiting).await.state, State::Running(_)));
    let other = system.workers(1).await;
    let ended = system.settled(&cancelled).await;
    assert!(matches!(ended.state, State::Cancelled { removal: None, .. }), "{:?}", ended.state);
    gate.open();
    system.settled(&waiting).await;
    held.stop().await;
    other.stop().await;

    let late =
        system.jobs.events().into_iter().filter(
            |event| matches!(event, Event::Recorded { lease, fenced: true, .. } if lease.export == cancelled.id),
        );
    assert!(late.count() > 0, "{:#?}", system.jobs.events());
    assert!(matches!(system.get(&cancelled).await.state, State::Cancelled { removal: None, .. }));
    assert!(system.archive(&cancelled).await.is_empty());
    assert!(matches!(system.get(&waiting).await.state, State::Succeeded { .. }));
    if !reuse {
        let parts = system.objects(&Prefix::Parts).await;
        let of_the_other = system.get(&waiting).await.built_parts as usize * 2;
        assert_eq!(parts.len(), of_the_other, "{parts:?}");
    }
    system.assert_nothing_left().await;
}

/// Whether a moment is one of this export; parts do not say whose they are.
fn is_of(moment: &Moment, id: domain::ids::ExportId) -> bool {
    match moment {
        Moment::Send(_) | Moment::Sent(_) => false,
        Moment::Record(lease, _) | Moment::Recorded(lease, _) => lease.export == id,
        Moment::Put(object) | Moment::Begin(object) | Moment::Assemble(object) | Moment::Delete(object) => match object
        {
            ObjectName::Plan(_, of) | ObjectName::Archive(_, of, _) => *of == id,
            ObjectName::Part(_) | ObjectName::PartSummary(_) => true,
        },
    }
}

async fn a_cancelled_plan_leaves_nothing(jobs: JobStore) {
    check(jobs, storing_the_plan, true).await;
    check(jobs, planned, false).await;
}

async fn a_cancelled_segment_leaves_nothing(jobs: JobStore) {
    check(jobs, beginning_a_part, true).await;
    check(jobs, beginning_a_part, false).await;
    check(jobs, storing_a_record, true).await;
    check(jobs, storing_a_record, false).await;
    check(jobs, part_built, false).await;
}

async fn a_cancelled_assembly_leaves_nothing(jobs: JobStore) {
    check(jobs, storing_the_manifest, true).await;
    check(jobs, assembling, true).await;
    check(jobs, assembling, false).await;
    check(jobs, assembled, true).await;
}

async fn a_deleted_export_loses_its_files(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.export("acme", request(DAYS.0, DAYS.1)).await;
    assert_eq!(system.archive_of_success(&export).await.len(), 1);
    let parts = system.objects(&Prefix::Parts).await;
    system.jobs.cancel(&export.owner, export.id).await.unwrap();
    system.run_until_settled().await;
    assert!(system.archive(&export).await.is_empty());
    assert_eq!(system.objects(&Prefix::Parts).await, parts);
    system.assert_nothing_left().await;
}

async fn files_live_their_time_and_no_longer(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.export("acme", request(DAYS.0, DAYS.1)).await;
    let lives = Duration::from_secs(system.limits().files_live_seconds);
    system.clock.advance(lives - Duration::from_secs(3_600));
    let crew = system.workers(1).await;
    let other = system.create_export("acme", Request { format: Format::CsvGz, ..request(DAYS.0, DAYS.1) }).await;
    system.settled(&other).await;
    assert_eq!(system.archive_of_success(&export).await.len(), 1);

    system.clock.advance(Duration::from_secs(7_200));
    let ended = system.until(&export, "expiry", |export| matches!(export.state, State::Expired { .. })).await;
    crew.stop().await;
    assert_eq!(ended.state.name(), "expired");
    assert!(system.archive(&export).await.is_empty());
    assert_eq!(system.archive_of_success(&other).await.len(), 2);
    let steps =
        system.jobs.events().into_iter().filter(
            |event| matches!(event, Event::Recorded { lease, fenced: false, .. } if lease.step == Step::Expire),
        );
    assert_eq!(steps.count(), 1);
    system.assert_nothing_left().await;
}

//! Parts that are lost or damaged between the segments and the assembly.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use artifacts::{ObjectName, Prefix};
use domain::export::{FailureCode, Outcome, Step};
use domain::request::{Format, Request};
use testkit::{Act, Event, JobStore, Moment, System, request};

use crate::{DAYS, messages, system, undisturbed};

over_both_stores! {
    a_part_that_is_gone_is_built_again,
    a_part_that_is_damaged_is_built_again,
    a_part_that_keeps_vanishing_ends_the_export,
}

/// What happens to the file of a part.
type Harm = fn(&PathBuf);

fn remove(path: &PathBuf) {
    fs::remove_file(path).unwrap();
}

fn flip(path: &PathBuf) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn cut(path: &PathBuf) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// When it happens.
type When = fn(&Moment) -> bool;

fn before_the_pieces_are_copied(moment: &Moment) -> bool {
    matches!(moment, Moment::Assemble(_))
}

fn before_the_parts_are_looked_for(moment: &Moment) -> bool {
    matches!(moment, Moment::Record(lease, Outcome::SegmentDone { .. }) if lease.step == Step::Segment(7))
}

fn some_part(system: &System, of: &[ObjectName]) -> PathBuf {
    let part = of.iter().find(|object| matches!(object, ObjectName::Part(_)));
    system.path_of(part.expect("a part"))
}

async fn check(jobs: JobStore, format: Format, when: When, harm: Harm) {
    let asked = Request { format, ..request(DAYS.0, DAYS.1) };
    let expected = undisturbed(asked.clone()).await;
    let system = Arc::new(system(jobs).await);
    system.ingest_generated("acme", messages(1)).await;
    let inside = Arc::downgrade(&system);
    system.once(move |moment| {
        let inside = inside.clone();
        let act = move || -> Act {
            Box::pin(async move {
                let system = inside.upgrade().unwrap();
                let parts = system.objects(&Prefix::Parts).await;
                harm(&some_part(&system, &parts));
            })
        };
        when(moment).then(act)
    });
    let export = system.export("acme", asked).await;
    assert_eq!(system.archive_of_success(&export).await, expected);
    let gone = system.jobs.events().into_iter().any(|event| {
        matches!(event, Event::Recorded { outcome: Outcome::PartsGone { segments }, .. } if segments.len() == 1)
    });
    assert!(gone, "{:#?}", system.jobs.events());
    assert_eq!(export.plan.unwrap().segments, export.built_parts + export.reused_parts);
    system.assert_nothing_left().await;
}

async fn a_part_that_is_gone_is_built_again(jobs: JobStore) {
    check(jobs, Format::Zip, before_the_pieces_are_copied, remove).await;
    check(jobs, Format::CsvGz, before_the_parts_are_looked_for, remove).await;
}

async fn a_part_that_is_damaged_is_built_again(jobs: JobStore) {
    check(jobs, Format::Zip, before_the_pieces_are_copied, flip).await;
    check(jobs, Format::Csv, before_the_pieces_are_copied, flip).await;
    check(jobs, Format::CsvGz, before_the_parts_are_looked_for, cut).await;
    check(jobs, Format::Zip, before_the_pieces_are_copied, cut).await;
}

async fn a_part_that_keeps_vanishing_ends_the_export(jobs: JobStore) {
    let system = Arc::new(system(jobs).await);
    system.ingest_generated("acme", messages(1)).await;
    let (inside, times) = (Arc::downgrade(&system), Arc::new(AtomicU32::new(0)));
    let counted = Arc::clone(&times);
    system.on(move |moment| {
        let (inside, counted) = (inside.clone(), Arc::clone(&counted));
        let act = move || -> Act {
            Box::pin(async move {
                counted.fetch_add(1, Ordering::SeqCst);
                let system = inside.upgrade().unwrap();
                let parts = system.objects(&Prefix::Parts).await;
                remove(&some_part(&system, &parts));
            })
        };
        matches!(moment, Moment::Assemble(_)).then(act)
    });
    let export = system.export("acme", request(DAYS.0, DAYS.1)).await;
    let failure = system.failure(&export).await;
    assert_eq!(
        (failure.code, failure.message.as_str()),
        (FailureCode::StepFailed, "assemble: parts keep disappearing")
    );
    assert_eq!(times.load(Ordering::SeqCst), system.limits().attempts_per_step);
    assert!(system.archive(&export).await.is_empty());

    // The next one has nothing against it.
    system.leave_alone();
    let again = system.export("acme", request(DAYS.0, DAYS.1)).await;
    assert_eq!(system.archive_of_success(&again).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

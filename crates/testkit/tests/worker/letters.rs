//! Letters: one for each end, to who may still have it, whatever the mail server and the workers do; and retries.

use std::fs;

use domain::export::{Export, FailureCode, Requester, State};
use domain::ids::UserId;
use domain::owner::Owner;
use domain::people::{Role, UserState};
use notifier::NotifyError;
use stores::{Directory, Jobs, Retried};
use testkit::{JobStore, Moment, System, request};

use crate::{DAYS, messages, settings, system, undisturbed};

over_both_stores! {
    who_asked_hears_that_it_is_ready,
    a_mail_server_that_refuses_for_a_while,
    a_letter_that_cannot_be_sent_changes_nothing,
    who_left_gets_no_letter,
    a_sender_that_dies_after_the_server_took_it,
    failed_days_are_told_and_asked_for_again,
}

fn acme() -> Owner {
    "org.acme".parse().unwrap()
}

/// Somebody who is a member of acme.
pub async fn member(system: &System) -> Requester {
    let slug = "acme".parse().unwrap();
    let user: UserId = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
    system.directory.create_organisation(&slug).await.unwrap();
    system.directory.begin_user(user, &[1; 32]).await.unwrap();
    assert!(system.directory.set_user_state(user, &[UserState::Creating], UserState::Active).await.unwrap());
    system.directory.put_member(&slug, user, Role::Member).await.unwrap();
    Requester { user, email: "u1@example.org".parse().unwrap() }
}

async fn asked(system: &System) -> (Export, Requester) {
    system.ingest_generated("acme", messages(1)).await;
    let requester = member(system).await;
    (system.create_for(acme(), request(DAYS.0, DAYS.1), &requester).await, requester)
}

/// The ids of all letters, and that each went to who asked.
fn ids(system: &System, requester: &Requester) -> Vec<String> {
    let letters = system.letters.taken();
    assert!(letters.iter().all(|letter| letter.to == requester.email));
    letters.iter().map(|letter| letter.id.to_string()).collect()
}

fn away() -> NotifyError {
    NotifyError::PutOff { code: 450 }
}

async fn who_asked_hears_that_it_is_ready(jobs: JobStore) {
    let system = system(jobs).await;
    let (export, requester) = asked(&system).await;
    system.run_until_settled().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    assert_eq!(ids(&system, &requester), [format!("{}.ready", export.id)]);
    let letter = system.letters.taken().remove(0);
    assert!(letter.text.contains("acme-messages-2024-01-01-2024-01-05.zip"), "{}", letter.text);
    assert_eq!(letter.attachment, None);
    system.assert_nothing_left().await;
}

async fn a_mail_server_that_refuses_for_a_while(jobs: JobStore) {
    let system = system(jobs).await;
    (0..3).for_each(|_| system.letters.refuse(away()));
    let (export, requester) = asked(&system).await;
    system.run_until_settled().await;
    assert_eq!(ids(&system, &requester), [format!("{}.ready", export.id)]);
    system.archive_of_success(&export).await;
    system.assert_nothing_left().await;
}

async fn a_letter_that_cannot_be_sent_changes_nothing(jobs: JobStore) {
    let system = System::with(settings(jobs).limits(|limits| limits.notify_attempts = 3)).await;
    (0..3).for_each(|_| system.letters.refuse(away()));
    let (export, requester) = asked(&system).await;
    system.run_until_settled().await;
    assert_eq!(ids(&system, &requester), [""; 0]);
    system.archive_of_success(&export).await;

    system.letters.refuse(NotifyError::Refused { code: 550 });
    let export = system.create_for(acme(), request(DAYS.0, DAYS.1), &requester).await;
    system.run_until_settled().await;
    assert_eq!(ids(&system, &requester), [""; 0]);
    system.archive_of_success(&export).await;
    system.assert_nothing_left().await;
}

async fn who_left_gets_no_letter(jobs: JobStore) {
    let system = system(jobs).await;
    let (export, requester) = asked(&system).await;
    system.directory.put_member(&"acme".parse().unwrap(), other(&system).await, Role::Admin).await.unwrap();
    system.directory.remove_member(&"acme".parse().unwrap(), requester.user).await.unwrap();
    system.run_until_settled().await;
    assert_eq!(ids(&system, &requester), [""; 0]);
    system.archive_of_success(&export).await;
    system.assert_nothing_left().await;
}

async fn other(system: &System) -> UserId {
    let user: UserId = "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap();
    system.directory.begin_user(user, &[2; 32]).await.unwrap();
    system.directory.set_user_state(user, &[UserState::Creating], UserState::Active).await.unwrap();
    user
}

/// The one case in which a letter comes twice: under the same id.
async fn a_sender_that_dies_after_the_server_took_it(jobs: JobStore) {
    let system = system(jobs).await;
    let gate = system.hold(|moment| matches!(moment, Moment::Sent(_)));
    let lost = system.workers(1).await;
    let (export, requester) = asked(&system).await;
    gate.reached_by(1).await;
    lost.kill().await;
    system.leave_alone();
    system.run_until_settled().await;
    let id = format!("{}.ready", export.id);
    assert_eq!(ids(&system, &requester), [id.clone(), id]);
    system.assert_nothing_left().await;
}

async fn failed_days_are_told_and_asked_for_again(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let requester = member(&system).await;
    let file = crate::refusals::data_files(&system.folder(), ".parquet").remove(0);
    let good = fs::read(&file).unwrap();
    fs::write(&file, &good[..good.len() - 1]).unwrap();
    let export = system.create_for(acme(), request(DAYS.0, DAYS.1), &requester).await;
    system.run_until_settled().await;
    let failure = system.failure(&export).await;
    assert_eq!(failure.code, FailureCode::Refused);
    assert!(failure.segments.iter().all(|segment| segment.days.is_some()), "{failure:?}");
    assert!(!system.lake.pins().await.unwrap().is_empty());

    // The same again: another letter.
    let again = async || {
        let retried = system.jobs.retry(&export.owner, export.id).await.unwrap();
        assert!(matches!(retried, Some(Retried::GoesOn(_))), "{retried:?}");
        system.run_until_settled().await;
    };
    again().await;
    let reason = system.failure(&export).await;
    assert_eq!(reason.segments, failure.segments);
    fs::write(&file, &good).unwrap();
    let built = system.get(&export).await.built_parts;
    again().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    let ended = system.get(&export).await;
    assert_eq!((ended.built_parts - built) as usize, failure.segments.len());
    let expected = ["failed", "failed.1", "ready"].map(|what| format!("{}.{what}", export.id));
    assert_eq!(ids(&system, &requester), expected);
    assert!(matches!(ended.state, State::Succeeded { .. }));
    system.assert_nothing_left().await;
}

//! Notify: the letter that says how an export ended, to who asked for it, if they may still have it.

use std::slice;

use domain::export::{Export, Failure, Lease, Outcome, Requester, State};
use domain::owner::Owner;
use domain::people::UserState;
use domain::time::Day;
use fail::fail_point;
use notifier::letters::{self, About, File};
use notifier::{Attachment, FileName, Letter, MediaType, NotifyError, PublicUrl};
use tracing::info;

use artifacts::ObjectName;
use domain::export::ArchiveFile;
use domain::time::Micros;

use super::read_plan;
use crate::error::StepError;
use crate::observer::LetterOutcome;
use crate::worker::Worker;

pub(super) async fn run(worker: &Worker, export: &Export, lease: &Lease) -> Result<Outcome, StepError> {
    let (Some(requester), Some(mail)) = (&export.requested_by, &worker.ports.mail) else {
        return Ok(Outcome::Notified);
    };
    if !may_have(worker, &export.owner, requester).await? {
        info!("no letter to who is no member any more");
        return Ok(Outcome::Notified);
    }
    let Some(letter) = letter(worker, export, requester, mail.public_url.clone()).await? else {
        return Ok(Outcome::Notified);
    };
    fail_point!("notify.written");
    // The last look: who lost the step does not send.
    if worker.ports.jobs.beat(slice::from_ref(lease)).await? != [true] {
        return Ok(Outcome::GivenBack);
    }
    let sent = mail.notifier.send(&letter).await;
    worker.progress.letter(outcome(&sent, lease.attempt, worker.options.limits.notify_attempts));
    sent?;
    fail_point!("notify.sent");
    Ok(Outcome::Notified)
}

fn outcome(sent: &Result<(), NotifyError>, attempt: u32, attempts: u32) -> LetterOutcome {
    match sent {
        Ok(()) => LetterOutcome::Sent,
        Err(error) if error.retryable() && attempt < attempts => LetterOutcome::Retried,
        Err(_) => LetterOutcome::Failed,
    }
}

/// Asked anew: who asked may have left, or been disabled, since.
async fn may_have(worker: &Worker, owner: &Owner, requester: &Requester) -> Result<bool, StepError> {
    let directory = &worker.ports.directory;
    Ok(match owner {
        Owner::Organisation(slug) => directory.role(slug, requester.user).await?.is_some(),
        Owner::User(user) => {
            let known = directory.user(*user).await?;
            *user == requester.user && known.is_some_and(|known| known.state == UserState::Active)
        }
    })
}

async fn letter(
    worker: &Worker,
    export: &Export,
    requester: &Requester,
    public_url: PublicUrl,
) -> Result<Option<Letter>, StepError> {
    let about = About {
        export: export.id,
        owner: export.owner.clone(),
        to: requester.email.clone(),
        range: export.request.range.clone(),
        asked_at: export.created_at,
        public_url,
    };
    match &export.state {
        State::Succeeded { files, expires_at, .. } => ready(worker, export, &about, files, *expires_at).await.map(Some),
        State::Failed { failure, .. } => {
            let letter = letters::failed(&about, failure.code, &failed_days(worker, export, failure).await?)?;
            Ok(Some(numbered(letter, export.retries)?))
        }
        _ => Ok(None),
    }
}

async fn ready(
    worker: &Worker,
    export: &Export,
    about: &About,
    files: &[ArchiveFile],
    expires_at: Micros,
) -> Result<Letter, StepError> {
    let limit_bytes = worker.options.limits.mail_attachment_bytes;
    if let [file] = files
        && export.request.dataset.comes_with_the_letter()
        && file.bytes <= limit_bytes
    {
        let file = attachment(worker, export, file).await?;
        return Ok(letters::membership_file(about, export.rows, file, expires_at)?);
    }
    let listed = files.iter().map(|file| Ok(File { name: file_name(&file.name)?, bytes: file.bytes }));
    let listed: Vec<File> = listed.collect::<Result<_, NotifyError>>()?;
    Ok(letters::ready(about, export.rows, &listed, expires_at)?)
}

async fn attachment(worker: &Worker, export: &Export, file: &ArchiveFile) -> Result<Attachment, StepError> {
    let object = ObjectName::archive(&export.owner, export.id, &file.name)?;
    let bytes = worker.ports.artifacts.read_whole(&object, file.bytes).await?;
    let bytes = bytes.ok_or(artifacts::ArtifactError::Missing { object })?.to_vec();
    let file_name = file_name(&file.name)?;
    let media_type =
        MediaType::of(&file_name).ok_or(NotifyError::Unwritable { why: "its file is of no known kind" })?;
    Ok(Attachment { file_name, media_type, bytes })
}

fn file_name(name: &str) -> Result<FileName, NotifyError> {
    name.parse().map_err(|_| NotifyError::Unwritable { why: "its file has a name that cannot be written" })
}

/// A retry may fail, too: that is another letter.
fn numbered(letter: Letter, retries: u32) -> Result<Letter, NotifyError> {
    if retries == 0 {
        return Ok(letter);
    }
    let id = format!("{}.{retries}", letter.id).parse();
    Ok(Letter { id: id.map_err(|_| NotifyError::Unwritable { why: "its id is too long" })?, ..letter })
}

/// The days of the segments that failed; where their workers died before they could say, the plan knows.
async fn failed_days(worker: &Worker, export: &Export, failure: &Failure) -> Result<Vec<(Day, Day)>, StepError> {
    let mut days = Vec::with_capacity(failure.segments.len());
    for segment in &failure.segments {
        if let Some(of) = segment.days {
            days.push(of);
            continue;
        }
        let range = segment.number..segment.number.saturating_add(1);
        match read_plan(worker, export, move |plan| plan.segments(range)).await {
            Ok(planned) => days.extend(planned.iter().map(|planned| (planned.slice.first_day, planned.slice.last_day))),
            // The letter then says less.
            Err(StepError::Plan(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(days)
}

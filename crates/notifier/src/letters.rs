//! What letters say: an export is ready, an export failed, here is the file of your memberships.

mod words;

use askama::Template;
use domain::calendar::DateRange;
use domain::export::FailureCode;
use domain::ids::ExportId;
use domain::owner::Owner;
use domain::people::Email;
use domain::time::{Day, Micros};

use self::words::Words;
use crate::parsed::{FileName, PublicUrl};
use crate::{Attachment, Letter, LetterId, NotifyError};

/// How many runs of failed days a letter lists; the page has all of them.
pub const FAILED_DAYS_LISTED: usize = 20;

/// What every letter about an export needs to know.
#[derive(Clone, Debug)]
pub struct About {
    /// Which export.
    pub export: ExportId,
    /// Whose it is: an organisation, or the reader alone.
    pub owner: Owner,
    /// Who asked for it and gets the letter.
    pub to: Email,
    /// Which days were asked for, in which zone; `None` for a dataset without dates.
    pub range: Option<DateRange>,
    /// When it was asked for.
    pub asked_at: Micros,
    /// Where people reach the service.
    pub public_url: PublicUrl,
}

/// One file that can be fetched.
#[derive(Clone, Debug)]
pub struct File {
    /// The name it is offered under.
    pub name: FileName,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The letter that says that the files are there, with a link to their page.
///
/// `rows` counts all files together; at `expires_at` the files are removed.
pub fn ready(about: &About, rows: u64, files: &[File], expires_at: Micros) -> Result<Letter, NotifyError> {
    let words = Words::of(about);
    let files: Vec<_> = files.iter().map(|file| (file.name.as_str(), words::size(file.bytes))).collect();
    let (rows, expires) = (words::rows(about, rows), words::instant(expires_at));
    let subject = format!("Your export of {} is ready", words.what);
    let html = ReadyHtml { words: &words, subject: &subject, rows: &rows, files: &files, expires: &expires }.render();
    let text = ReadyText { words: &words, rows: &rows, files: &files, expires: &expires }.render();
    letter(LetterId::ready(about.export), about, &subject, text, html, None)
}

/// The letter that says that an export was given up: why, which days (first and last of each run), and what to do.
pub fn failed(about: &About, code: FailureCode, days: &[(Day, Day)]) -> Result<Letter, NotifyError> {
    let words = Words::of(about);
    let (reason, advice) = (words::reason(code), words::advice(code, !days.is_empty()));
    let listed: Vec<_> = days.iter().take(FAILED_DAYS_LISTED).map(|(first, last)| words::days(*first, *last)).collect();
    let unlisted = days.len() - listed.len();
    let subject = format!("Your export of {} failed", words.what);
    let html = FailedHtml { words: &words, subject: &subject, reason, advice, days: &listed, unlisted }.render();
    let text = FailedText { words: &words, reason, advice, days: &listed, unlisted }.render();
    letter(LetterId::failed(about.export), about, &subject, text, html, None)
}

/// The letter that brings a file small enough to be attached; the page has it too, until `expires_at`.
pub fn membership_file(about: &About, rows: u64, file: Attachment, expires_at: Micros) -> Result<Letter, NotifyError> {
    let words = Words::of(about);
    let (rows, expires) = (words::rows(about, rows), words::instant(expires_at));
    let (name, size) = (file.file_name.as_str(), words::size(file.bytes.len() as u64));
    let subject = "Your memberships as a file";
    let html = AttachedHtml { words: &words, subject, rows: &rows, name, size: &size, expires: &expires }.render();
    let text = AttachedText { words: &words, rows: &rows, name, size: &size, expires: &expires }.render();
    letter(LetterId::ready(about.export), about, subject, text, html, Some(file))
}

fn letter(
    id: LetterId,
    about: &About,
    subject: &str,
    text: askama::Result<String>,
    html: askama::Result<String>,
    attachment: Option<Attachment>,
) -> Result<Letter, NotifyError> {
    let subject = subject.parse().map_err(|_| NotifyError::Unwritable { why: "its subject is no subject" })?;
    let filled_in = |_| NotifyError::Unwritable { why: "its template cannot be filled in" };
    let (text, html) = (text.map_err(filled_in)?, html.map_err(filled_in)?);
    Ok(Letter { id, to: about.to.clone(), subject, text, html, attachment })
}

#[derive(Template)]
#[template(path = "ready.html")]
struct ReadyHtml<'a> {
    words: &'a Words,
    subject: &'a str,
    rows: &'a str,
    files: &'a [(&'a str, String)],
    expires: &'a str,
}

#[derive(Template)]
#[template(path = "ready.txt")]
struct ReadyText<'a> {
    words: &'a Words,
    rows: &'a str,
    files: &'a [(&'a str, String)],
    expires: &'a str,
}

#[derive(Template)]
#[template(path = "failed.html")]
struct FailedHtml<'a> {
    words: &'a Words,
    subject: &'a str,
    reason: &'a str,
    advice: &'a str,
    days: &'a [String],
    unlisted: usize,
}

#[derive(Template)]
#[template(path = "failed.txt")]
struct FailedText<'a> {
    words: &'a Words,
    reason: &'a str,
    advice: &'a str,
    days: &'a [String],
    unlisted: usize,
}

#[derive(Template)]
#[template(path = "membership_file.html")]
struct AttachedHtml<'a> {
    words: &'a Words,
    subject: &'a str,
    rows: &'a str,
    name: &'a str,
    size: &'a str,
    expires: &'a str,
}

#[derive(Template)]
#[template(path = "membership_file.txt")]
struct AttachedText<'a> {
    words: &'a Words,
    rows: &'a str,
    name: &'a str,
    size: &'a str,
    expires: &'a str,
}

#[cfg(test)]
mod tests;

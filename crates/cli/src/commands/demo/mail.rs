//! Reading a letter as it lies in the folder, just enough to show it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;

use crate::exit::Failure;

/// How long a letter may take, and how often the folder is looked at.
const LOOKS: u32 = 150;
const LOOK: Duration = Duration::from_millis(200);

/// A letter in the folder.
#[derive(Debug)]
pub struct Letter {
    path: PathBuf,
    text: String,
}

/// Waits for the letter of an export.
pub async fn of(folder: &Path, export: &str) -> Result<Letter, Failure> {
    let path = folder.join(format!("{export}.ready.eml"));
    for _ in 0..LOOKS {
        if let Ok(bytes) = std::fs::read(&path) {
            return Ok(Letter { path, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(anyhow!("no letter came to {}", path.display()).into())
}

impl Letter {
    /// Whether it goes to this address.
    pub fn is_to(&self, email: &str) -> bool {
        self.header("To").is_some_and(|to| to.contains(email))
    }

    /// Whether it leads to the page of this export, and not past the sign-in to a file.
    pub fn leads_to_page_of(&self, export: &str) -> bool {
        let readable = self.readable();
        readable.contains(&format!("/{export}")) && !readable.contains("/v1/downloads/")
    }

    /// The name of the attachment.
    pub fn attachment(&self) -> Option<&str> {
        let after = self.text.split_once("Content-Disposition: attachment; filename=")?.1;
        Some(after.split(['\r', '\n', ';']).next()?.trim_matches('"'))
    }

    /// Its head and its text, indented, and where it lies.
    pub fn in_words(&self) -> String {
        let heads = ["From", "To", "Subject"].iter().filter_map(|name| Some(format!("{name}: {}", self.header(name)?)));
        let readable = self.readable();
        let body = readable.lines().map(str::to_owned);
        let attached = self.attachment().map(|name| format!("[attached: {name}]"));
        let lines = heads.chain([String::new()]).chain(body).chain(attached);
        let lines: Vec<_> = lines.map(|line| format!("  | {line}").trim_end().to_owned()).collect();
        format!("{}\n{}", self.path.display(), lines.join("\n"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The part that is plain text.
    fn readable(&self) -> String {
        let Some((_, part)) = self.text.split_once("Content-Type: text/plain") else { return String::new() };
        let Some((head, rest)) = part.split_once("\r\n\r\n") else { return String::new() };
        let body = rest.split("\r\n--").next().unwrap_or_default();
        let is_quoted = head.to_ascii_lowercase().contains("quoted-printable");
        if is_quoted { unquoted(body) } else { body.to_owned() }.trim_end().to_owned()
    }
}

/// RFC 2045 section 6.7, as far as our own letters use it.
fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match (first, pair) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_far_as_it_is_shown() {
        let text = "From: a@b\r\nTo: u1@example.org\r\nSubject: Ready\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BCn http://h/#/=\r\ne1\r\n\r\n--x\r\n\
            Content-Disposition: attachment; filename=\"m.csv\"\r\n\r\n";
        let letter = Letter { path: "m.eml".into(), text: text.to_owned() };
        assert!(letter.is_to("u1@example.org") && letter.leads_to_page_of("e1"));
        assert_eq!(letter.readable(), "Grün http://h/#/e1");
        assert_eq!(letter.attachment(), Some("m.csv"));
        let shown = letter.in_words();
        assert!(shown.contains("  | Subject: Ready") && shown.ends_with("  | [attached: m.csv]"), "{shown}");
    }
}

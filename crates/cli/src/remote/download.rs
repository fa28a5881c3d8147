//! Fetching a file: by links that are good for a minute, going on where a connection broke off, checked at the end.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use crc64::Crc64Hasher;
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::Value;
use tempfile::NamedTempFile;
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

use super::{ATTEMPTS, Answer, Remote, blocking};
use crate::exit::{Exit, Failure};

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// What is wanted.
pub struct Wanted<'a> {
    /// Where links are asked for.
    pub links: String,
    /// What the link is asked with.
    pub asked: Value,
    /// Where the file is to be in the end; until then it lies beside it under another name.
    pub output: &'a Path,
    /// Its length.
    pub bytes: u64,
    /// Its CRC-64/NVME.
    pub crc64nvme: u64,
}

/// A whole file under a passing name; dropping it removes it.
pub struct Fetched {
    file: NamedTempFile,
    output: PathBuf,
}

#[derive(Deserialize)]
struct Link {
    url: String,
}

/// What has come so far.
struct Arrived {
    file: File,
    crc64: Crc64Hasher,
    /// Of the first answer, so that a changed file is not joined to it.
    tag: Option<String>,
}

/// How one answer ended.
enum Ended {
    /// All of it came.
    Whole,
    /// The connection broke off.
    Broken(String),
    /// The service says something else.
    Refused(Answer),
}

impl Remote {
    /// Fetches a file and checks its length and CRC. Each attempt has a link of its own; only those in a row that bring
    /// nothing are counted.
    pub async fn fetch(&self, wanted: &Wanted<'_>, bar: &ProgressBar) -> Result<Fetched, Failure> {
        let writing = || format!("cannot write {}", wanted.output.display());
        let file = beside(wanted.output).with_context(writing)?;
        let mut arrived = Arrived::new(file.reopen().with_context(writing)?);
        let mut fruitless = 0;
        loop {
            let link: Link = self.post(&wanted.links, &wanted.asked).await?;
            let (url, agent, bar, before) =
                (self.url(&link.url), self.agent.clone(), bar.clone(), arrived.crc64.bytes());
            let (back, ended) = blocking(move || {
                let ended = arrived.pull(&agent, &url, &bar);
                (arrived, ended)
            })
            .await;
            arrived = back;
            let reason = match ended.with_context(writing)? {
                Ended::Whole => break,
                Ended::Refused(answer) if !answer.is_away(super::LONGEST_WAIT) => return Err(answer.failure()),
                Ended::Refused(answer) => format!("it answered {}", answer.status),
                Ended::Broken(reason) => reason,
            };
            fruitless = if arrived.crc64.bytes() > before { 0 } else { fruitless + 1 };
            if fruitless == ATTEMPTS {
                return Err(Failure::new(Exit::Unavailable, anyhow!("the download broke off: {reason}")));
            }
            tokio::time::sleep(super::FIRST_WAIT * 2_u32.pow(fruitless)).await;
        }
        arrived.check(wanted)?;
        arrived.file.sync_all().with_context(writing)?;
        Ok(Fetched { file, output: wanted.output.to_owned() })
    }
}

fn beside(output: &Path) -> std::io::Result<NamedTempFile> {
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".outhaul-").suffix(".part").tempfile_in(folder)
}

impl Arrived {
    fn new(file: File) -> Self {
        Self { file, crc64: Crc64Hasher::default(), tag: None }
    }

    /// One request from where it stands; an error is one of writing.
    fn pull(&mut self, agent: &Agent, url: &str, bar: &ProgressBar) -> std::io::Result<Ended> {
        let mut request = Request::builder().uri(url);
        if self.crc64.bytes() > 0 {
            request = request.header("range", format!("bytes={}-", self.crc64.bytes()));
            if let Some(tag) = &self.tag {
                request = request.header("if-range", tag);
            }
        }
        let Ok(request) = request.body(()) else { return Ok(Ended::Broken("the link is no address".to_owned())) };
        let response = match agent.run(request) {
            Ok(response) => response,
            Err(ureq::Error::BadUri(_)) => return Ok(Ended::Broken("the link is no address".to_owned())),
            Err(error) => return Ok(Ended::Broken(error.to_string())),
        };
        match response.status().as_u16() {
            200 => self.restart()?,
            206 if begins_at(&response) == Some(self.crc64.bytes()) => {}
            _ => {
                return Ok(Answer::read(response).map_or_else(|error| Ended::Broken(error.to_string()), Ended::Refused));
            }
        }
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        self.tag = header("etag").filter(|tag| !tag.starts_with("W/")).map(str::to_owned);
        let end =
            header("content-length").and_then(|text| text.parse::<u64>().ok()).map(|rest| self.crc64.bytes() + rest);
        self.take(response.into_body(), end, bar)
    }

    fn take(&mut self, body: Body, end: Option<u64>, bar: &ProgressBar) -> std::io::Result<Ended> {
        let (mut reader, mut chunk) = (body.into_reader(), vec![0; CHUNK]);
        loop {
            let read = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) => return Ok(Ended::Broken(error.kind().to_string())),
            };
            self.file.write_all(&chunk[..read])?;
            self.crc64.update(&chunk[..read]);
            bar.set_position(self.crc64.bytes());
        }
        let is_whole = end.is_none_or(|end| self.crc64.bytes() == end);
        Ok(if is_whole { Ended::Whole } else { Ended::Broken("the answer was too short".to_owned()) })
    }

    /// The service sends the file from its first byte.
    fn restart(&mut self) -> std::io::Result<()> {
        use std::io::Seek;
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.crc64 = Crc64Hasher::default();
        Ok(())
    }

    fn check(&self, wanted: &Wanted<'_>) -> Result<(), Failure> {
        let differs = |what: &str| {
            Err(Failure::new(
                Exit::Unverified,
                anyhow!("{}: {what} differs from what was told", wanted.output.display()),
            ))
        };
        if wanted.bytes != self.crc64.bytes() {
            return differs("its length");
        }
        if wanted.crc64nvme != self.crc64.finish().value {
            return differs("its CRC-64/NVME");
        }
        Ok(())
    }
}

/// The first byte of a part (RFC 9110 section 14.4).
fn begins_at(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get("content-range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

impl Fetched {
    /// Bytes that are at hand, for `output`.
    pub fn of(output: &Path, bytes: &[u8]) -> Result<Self, Failure> {
        let writing = || format!("cannot write {}", output.display());
        let mut file = beside(output).with_context(writing)?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(writing)?;
        Ok(Self { file, output: output.to_owned() })
    }

    /// Where it lies now.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives it its name, whole; what is there is replaced only if `force` says so.
    pub fn put(self, force: bool) -> Result<(), Failure> {
        let writing = || format!("cannot write {}", self.output.display());
        let put = if force { self.file.persist(&self.output) } else { self.file.persist_noclobber(&self.output) };
        put.map_err(|error| error.error).with_context(writing)?;
        let folder = self.output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).with_context(writing)?;
        Ok(())
    }
}

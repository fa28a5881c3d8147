//! Sending messages: a file as one body, compressed on the way where it is not yet.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use anyhow::Context;
use ureq::SendBody;

use super::{ATTEMPTS, Answer, FIRST_WAIT, LONGEST_WAIT, Remote, blocking};
use crate::exit::{Exit, Failure, OrExit};

/// zstd's own default.
const ZSTD_LEVEL: i32 = 3;

/// A batch of messages in a file that can be read twice.
pub struct Upload {
    file: File,
    coding: Coding,
}

/// How the bytes lie in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Plain,
    Gzip,
    Zstd,
}

impl Upload {
    /// The file at `path`; `-` is stdin, kept in a passing file first, since a broken connection begins anew.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let reading = || format!("cannot read {}", path.display());
        if path == Path::new("-") {
            let mut file = tempfile::tempfile().with_context(reading)?;
            std::io::copy(&mut std::io::stdin().lock(), &mut file).with_context(reading)?;
            return Ok(Self { file, coding: Coding::Plain });
        }
        let file = File::open(path).with_context(reading).or_exit(Exit::NotFound)?;
        let coding = match path.extension().and_then(|extension| extension.to_str()) {
            Some("parquet") => {
                return Err(Failure::usage(format!("{}: a service takes NDJSON, no Parquet", path.display())));
            }
            Some("gz") => Coding::Gzip,
            Some("zst") => Coding::Zstd,
            _ => Coding::Plain,
        };
        Ok(Self { file, coding })
    }

    /// The batch key that the command line gives a file, the BLAKE3 of its bytes.
    pub fn blake3(&self) -> std::io::Result<String> {
        let mut hasher = blake3::Hasher::new();
        let mut file = &self.file;
        file.rewind()?;
        std::io::copy(&mut file, &mut hasher)?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    fn body(&self) -> std::io::Result<Box<dyn Read + Send>> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(match self.coding {
            Coding::Plain => Box::new(zstd::stream::read::Encoder::new(BufReader::new(file), ZSTD_LEVEL)?),
            Coding::Gzip | Coding::Zstd => Box::new(file),
        })
    }

    const fn content_coding(&self) -> &'static str {
        match self.coding {
            Coding::Gzip => "gzip",
            Coding::Plain | Coding::Zstd => "zstd",
        }
    }
}

impl Remote {
    /// Sends a batch under its key; the same key again changes nothing, so a lost answer is asked for again.
    pub async fn upload(&self, path: &str, upload: &Upload, key: &str) -> Result<Answer, Failure> {
        let (mut wait, mut signed_in) = (FIRST_WAIT, false);
        for attempt in 1.. {
            let request = self.request("POST", path, Some(key), false)?;
            let (mut parts, ()) = request.into_parts();
            let value = ureq::http::HeaderValue::from_static;
            parts.headers.insert("content-type", value("application/x-ndjson"));
            parts.headers.insert("content-encoding", value(upload.content_coding()));
            // Who may not send learns it before sending.
            parts.headers.insert("expect", value("100-continue"));
            let (agent, body) = (self.agent.clone(), upload.body()?);
            let send = move || {
                let body = SendBody::from_owned_reader(body);
                Answer::read(agent.run(ureq::http::Request::from_parts(parts, body))?)
            };
            match blocking(send).await {
                Ok(answer) if answer.status == 401 && !signed_in && self.sign_in().await? => {
                    signed_in = true;
                    continue;
                }
                Ok(answer) if attempt == ATTEMPTS || !answer.is_away(LONGEST_WAIT) => return Ok(answer),
                Err(error) if attempt == ATTEMPTS => return Err(self.away(&error)),
                Ok(_) | Err(_) => tokio::time::sleep(wait).await,
            }
            wait *= 2;
        }
        unreachable!("the last attempt returns")
    }
}

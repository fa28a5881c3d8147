//! `[queue]`: where wakes wait, and the counts that all API processes share.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::exit::Failure;

/// Where wakes wait, and what all API processes count together.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// `memory` (each process has its own) or `redis`.
    pub kind: QueueKind,
    /// The server, `redis://HOST:PORT/DATABASE` or `rediss://` for TLS; without a name or password.
    pub url: String,
    /// Name to sign in with; empty for the server's default user.
    pub user: String,
    /// Password to sign in with; better from the environment or `password_file`.
    pub password: Secret,
    /// File whose first line is the password; empty for none.
    pub password_file: PathBuf,
    /// Certificates (PEM) that the server's is signed by; empty for those of the system.
    pub ca_file: PathBuf,
    /// What every key begins with.
    pub prefix: String,
    /// How long a connection, or an answer, may take (milliseconds).
    pub answer_milliseconds: u64,
}

/// What the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueKind {
    /// In the process.
    Memory,
    /// Redis or Valkey.
    Redis,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            kind: QueueKind::Memory,
            url: String::new(),
            user: String::new(),
            password: Secret::default(),
            password_file: PathBuf::new(),
            ca_file: PathBuf::new(),
            prefix: "outhaul".to_owned(),
            answer_milliseconds: 2_000,
        }
    }
}

impl Queue {
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.answer_milliseconds == 0 {
            return Err(Failure::usage("queue.answer_milliseconds must not be 0"));
        }
        if self.kind == QueueKind::Redis && self.url.is_empty() {
            return Err(Failure::usage("queue.url must name the server, e.g. redis://127.0.0.1:6379/0"));
        }
        Ok(())
    }

    /// The password, wherever it is given.
    ///
    /// # Errors
    /// It is given twice, or its file cannot be read.
    pub fn password(&self) -> Result<Secret, Failure> {
        self.password.or_file("queue.password", &self.password_file)
    }
}

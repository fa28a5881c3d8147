//! `[postgres]`: the server of the directory and of the lake's catalog, where they are kept there.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::exit::Failure;

/// The PostgreSQL server of the directory and the catalog.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Postgres {
    /// The server's name or address; empty where nothing is kept there.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// Who the service signs in as; owns no table.
    pub user: String,
    /// Their password; better from the environment or `password_file`.
    pub password: Secret,
    /// File whose first line is the password; empty for none.
    pub password_file: PathBuf,
    /// Who owns the tables: `outhaul migrate` signs in as this user.
    pub owner: String,
    /// The owner's password; better from the environment or `owner_password_file`.
    pub owner_password: Secret,
    /// File whose first line is the owner's password; empty for none.
    pub owner_password_file: PathBuf,
    /// `verify` (the certificate is that of the host), `require` (any certificate) or `none`.
    pub tls: PostgresTls,
    /// Certificates (PEM) that the server's is signed by; empty for those of the system.
    pub ca_file: PathBuf,
    /// Most connections of one process.
    pub connections: u32,
    /// How long a call may take, with its wait for a connection and its repeats (milliseconds).
    pub answer_milliseconds: u64,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostgresTls {
    /// TLS, and the certificate is that of the host.
    Verify,
    /// TLS with any certificate.
    Require,
    /// None; for a server on the same machine.
    None,
}

impl Default for Postgres {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 5432,
            database: "outhaul".to_owned(),
            user: "outhaul".to_owned(),
            password: Secret::default(),
            password_file: PathBuf::new(),
            owner: "outhaul_owner".to_owned(),
            owner_password: Secret::default(),
            owner_password_file: PathBuf::new(),
            tls: PostgresTls::Verify,
            ca_file: PathBuf::new(),
            connections: 8,
            answer_milliseconds: 1_800,
        }
    }
}

impl Postgres {
    /// `used_by` names the setting that wants the server, if one does.
    pub(super) fn check(&self, used_by: Option<&str>) -> Result<(), Failure> {
        let refused = |what: &str| Err(Failure::usage(what));
        if self.connections == 0 {
            return refused("postgres.connections must not be 0");
        }
        if self.answer_milliseconds == 0 {
            return refused("postgres.answer_milliseconds must not be 0");
        }
        match used_by {
            Some(setting) if self.host.is_empty() => {
                Err(Failure::usage(format!("postgres.host must name the server: {setting} is kept there")))
            }
            _ => Ok(()),
        }
    }

    /// The password of the service, wherever it is given.
    ///
    /// # Errors
    /// It is given twice, or its file cannot be read.
    pub fn password(&self) -> Result<Secret, Failure> {
        self.password.or_file("postgres.password", &self.password_file)
    }

    /// The password of the owner, wherever it is given.
    ///
    /// # Errors
    /// As [`Self::password`].
    pub fn owner_password(&self) -> Result<Secret, Failure> {
        self.owner_password.or_file("postgres.owner_password", &self.owner_password_file)
    }
}

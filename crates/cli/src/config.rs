//! The configuration: defaults, then a TOML file, then the environment (`OUTHAUL_SECTION__FIELD`).

mod auth;
mod http;
mod ingest;
mod logs;
mod mail;
mod rates;
mod secret;
mod telemetry;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use domain::limits::Limits;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};

pub use auth::Auth;
pub use http::{Http, is_origin};
pub use ingest::Ingest;
pub use logs::{LogFormat, Logs};
pub use mail::{Mail, MailKind};
pub use rates::Rates;
pub use secret::Secret;
pub use telemetry::Telemetry;

/// The one setting that is a secret, as the environment names it.
const PASSWORD: &str = "MAIL__PASSWORD";

/// Everything that can be set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where things lie.
    pub storage: Storage,
    /// Every limit of the contract.
    pub limits: Limits,
    /// How a worker works.
    pub worker: Worker,
    /// What input may look like.
    pub ingest: Ingest,
    /// Where the service listens, and what it is called outside.
    pub http: Http,
    /// How tokens are signed, by whom and for whom.
    pub auth: Auth,
    /// What an estimate says of sizes, speed and price.
    pub rates: Rates,
    /// How letters leave.
    pub mail: Mail,
    /// What `serve`, `api` and `worker` write to stderr.
    pub logs: Logs,
    /// Where spans go.
    pub telemetry: Telemetry,
}

/// Where things lie.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// The data folder, where the command line names none.
    pub data: PathBuf,
}

impl Default for Storage {
    fn default() -> Self {
        Self { data: PathBuf::from("outhaul-data") }
    }
}

/// How a worker works.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Worker {
    /// Steps at a time; 0 for one for every core.
    pub slots: u32,
    /// What reading may take, over all slots (bytes).
    pub memory_bytes: usize,
    /// Whether each file gets a SHA-256 beside its BLAKE3.
    pub sha256: bool,
}

impl Default for Worker {
    fn default() -> Self {
        Self { slots: 0, memory_bytes: 96 << 20, sha256: false }
    }
}

impl Worker {
    /// Steps at a time on this machine.
    pub fn slots(&self) -> u32 {
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
        if self.slots == 0 { cores().max(1) } else { self.slots }
    }
}

impl Config {
    /// Reads the configuration; `data` of the command line comes last.
    pub fn read(file: Option<&Path>, data: Option<&Path>) -> Result<Self, Failure> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(Failure::usage(format!("configuration file {} is not there", file.display())));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        // Names with a single word are other things' (OUTHAUL_TOKEN, OUTHAUL_PASSWORD, settings of tests).
        let is_setting = |name: &str| name.contains("__") && !name.eq_ignore_ascii_case(PASSWORD);
        let environment = Env::prefixed("OUTHAUL_").filter(move |name| is_setting(name.as_str())).split("__");
        let mut config: Self = figment
            .merge(environment)
            .extract()
            .map_err(|error| Failure::new(Exit::Usage, anyhow::Error::from(error)))?;
        // Taken as it stands: as a setting, digits would be read as a number.
        if let Ok(password) = std::env::var(format!("OUTHAUL_{PASSWORD}")) {
            config.mail.password = password.into();
        }
        if let Some(data) = data {
            config.storage.data = data.to_owned();
        }
        config.check()?;
        Ok(config)
    }

    /// What no installation can work with.
    fn check(&self) -> Result<(), Failure> {
        let limits = &self.limits;
        let positive = [
            ("limits.segment_rows_target", limits.segment_rows_target),
            ("limits.volume_limit_bytes", limits.volume_limit_bytes),
            ("limits.volume_limit_pieces", limits.volume_limit_pieces.into()),
            ("limits.running_exports_per_organisation", limits.running_exports_per_organisation.into()),
            ("limits.heartbeat_milliseconds", limits.heartbeat_milliseconds),
            ("limits.sweep_milliseconds", limits.sweep_milliseconds),
            ("limits.attempts_per_step", limits.attempts_per_step.into()),
            ("limits.claim_segments", limits.claim_segments.into()),
            ("limits.retry_set", limits.retry_set.into()),
            ("limits.header_bytes", limits.header_bytes),
            ("limits.json_body_bytes", limits.json_body_bytes),
            ("limits.request_seconds", limits.request_seconds),
            ("limits.ingest_seconds", limits.ingest_seconds),
            ("limits.ingests_at_once", limits.ingests_at_once.into()),
            ("limits.connections", limits.connections.into()),
            ("limits.stalled_seconds", limits.stalled_seconds),
            ("limits.login_attempts_per_account", limits.login_attempts_per_account.into()),
            ("limits.login_attempts_per_address", limits.login_attempts_per_address.into()),
            ("limits.password_hashes_at_once", limits.password_hashes_at_once.into()),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(Failure::usage(format!("{name} must not be 0")));
        }
        if limits.lease_milliseconds < limits.heartbeat_milliseconds.saturating_mul(2) {
            return Err(Failure::usage("limits.lease_milliseconds must be at least two heartbeats"));
        }
        self.http.check()?;
        self.auth.check()?;
        self.rates.check()?;
        self.telemetry.check()?;
        self.mail.check()
    }
}

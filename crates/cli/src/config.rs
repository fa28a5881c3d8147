//! The configuration: defaults, then a TOML file, then the environment (`OUTHAUL_SECTION__FIELD`).

mod auth;
mod built;
mod catalog_rest;
mod dynamodb;
mod http;
mod ingest;
mod keys;
mod logs;
mod mail;
mod places;
mod postgres;
mod queue;
mod rates;
mod s3;
mod secret;
mod ses;
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
#[cfg(not(feature = "aws"))]
pub use built::refused;
pub use catalog_rest::CatalogRest;
pub use dynamodb::DynamoDb;
pub use http::{Downloads, Http, is_origin};
pub use ingest::Ingest;
pub use logs::{LogFormat, Logs};
pub use mail::{Mail, MailKind};
pub use places::{Artifacts, Catalog, Database, Directory, Files, Jobs, Lake, Records};
pub use postgres::{Postgres, PostgresTls};
pub use queue::{Queue, QueueKind};
pub use rates::Rates;
pub use s3::S3;
pub use secret::Secret;
pub use ses::Ses;
pub use telemetry::Telemetry;

/// A setting that is a secret, as the environment names it, and where it stands.
type SecretSetting = (&'static str, fn(&mut Config) -> &mut Secret);

/// Those of the environment are taken as they stand: as other settings are, digits would be read as a number.
const SECRETS: [SecretSetting; 10] = [
    ("OUTHAUL_MAIL__PASSWORD", |config| &mut config.mail.password),
    ("OUTHAUL_QUEUE__PASSWORD", |config| &mut config.queue.password),
    ("OUTHAUL_POSTGRES__PASSWORD", |config| &mut config.postgres.password),
    ("OUTHAUL_POSTGRES__OWNER_PASSWORD", |config| &mut config.postgres.owner_password),
    ("OUTHAUL_CATALOG_REST__TOKEN", |config| &mut config.catalog_rest.token),
    ("OUTHAUL_CATALOG_REST__CLIENT_SECRET", |config| &mut config.catalog_rest.client_secret),
    ("OUTHAUL_CATALOG_REST__SECRET_KEY", |config| &mut config.catalog_rest.secret_key),
    ("OUTHAUL_DYNAMODB__SECRET_KEY", |config| &mut config.dynamodb.secret_key),
    ("OUTHAUL_SES__SECRET_KEY", |config| &mut config.ses.secret_key),
    ("OUTHAUL_S3__SECRET_KEY", |config| &mut config.s3.secret_key),
];

/// Everything that can be set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where things lie.
    pub storage: Storage,
    /// In what exports, accounts and the audit trail are kept.
    pub jobs: Jobs,
    /// In what users, organisations and memberships are kept.
    pub directory: Directory,
    /// In what the messages are kept.
    pub lake: Lake,
    /// In what plans, parts and archives are kept.
    pub artifacts: Artifacts,
    /// Where wakes wait.
    pub queue: Queue,
    /// The tables of `jobs`, where that is `dynamodb`.
    pub dynamodb: DynamoDb,
    /// The server of `directory` and `lake.catalog`, where one of them is kept there.
    pub postgres: Postgres,
    /// The server of `lake.catalog`, where that is `rest`.
    pub catalog_rest: CatalogRest,
    /// The buckets of `artifacts` and `lake.files`, where one of them is kept there.
    pub s3: S3,
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
    /// The service of `mail`, where that is `ses`.
    pub ses: Ses,
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
        let is_secret =
            |name: &str| SECRETS.iter().any(|(secret, _)| secret.eq_ignore_ascii_case(&format!("OUTHAUL_{name}")));
        let is_setting = move |name: &str| name.contains("__") && !is_secret(name);
        let environment = Env::prefixed("OUTHAUL_").filter(move |name| is_setting(name.as_str())).split("__");
        let mut config: Self = figment
            .merge(environment)
            .extract()
            .map_err(|error| Failure::new(Exit::Usage, anyhow::Error::from(error)))?;
        for (name, place) in SECRETS {
            if let Ok(secret) = std::env::var(name) {
                *place(&mut config) = secret.into();
            }
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
            ("limits.lane_segments", limits.lane_segments.into()),
            ("limits.lanes", limits.lanes.into()),
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
        built::check(self)?;
        self.http.check()?;
        self.auth.check()?;
        self.rates.check()?;
        self.telemetry.check()?;
        self.queue.check()?;
        self.postgres.check(self.user_of_postgres())?;
        self.s3.check(self.artifacts.kind == Files::S3, self.lake.files == Files::S3)?;
        #[cfg(feature = "aws")]
        if self.jobs.kind == Records::DynamoDb {
            self.dynamodb.check()?;
        }
        if self.lake.catalog == Catalog::Rest {
            if self.lake.files != Files::S3 {
                return Err(Failure::usage("lake.files must be s3 where lake.catalog is rest"));
            }
            #[cfg(feature = "aws")]
            self.catalog_rest.check()?;
        }
        #[cfg(feature = "aws")]
        if self.mail.kind == MailKind::Ses {
            self.ses.check()?;
        }
        self.mail.check()
    }

    /// The setting that something is kept in PostgreSQL for, if one is.
    pub fn user_of_postgres(&self) -> Option<&'static str> {
        match (self.directory.kind, self.lake.catalog) {
            (Database::Postgres, _) => Some("directory.kind"),
            (_, Catalog::Postgres) => Some("lake.catalog"),
            _ => None,
        }
    }
}

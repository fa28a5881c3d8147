//! The configuration: defaults, then a TOML file, then the environment (`OUTHAUL_SECTION__FIELD`).

use std::path::{Path, PathBuf};

use domain::limits::Limits;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use lake::ingest::InputLimits;
use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};

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
    /// Steps at a time; 0 for one for every two cores, since a segment keeps two busy.
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
        if self.slots == 0 { (cores() / 2).max(1) } else { self.slots }
    }
}

/// What input may look like; the defaults are those of the contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// Rows are sorted in memory up to this size, then on disk (bytes).
    pub sort_memory_bytes: usize,
    /// Refused lines that are listed; the rest are counted.
    pub refused_listed: usize,
    /// Longest `message_id` (bytes of UTF-8).
    pub message_id_bytes: usize,
    /// Longest `channel` (bytes).
    pub channel_bytes: usize,
    /// Longest `thread` (bytes).
    pub thread_bytes: usize,
    /// Longest `sender` (bytes).
    pub sender_bytes: usize,
    /// Longest `kind` (bytes).
    pub kind_bytes: usize,
    /// Longest `text` (bytes).
    pub text_bytes: usize,
    /// Longest `attributes`, in compact form (bytes).
    pub attributes_bytes: usize,
    /// Longest line of NDJSON as it stands (bytes).
    pub line_bytes: usize,
    /// Greatest window of zstd input, as a power of two.
    pub zstd_window_log: u32,
}

impl Default for Ingest {
    fn default() -> Self {
        let input = InputLimits::default();
        Self {
            sort_memory_bytes: 48 << 20,
            refused_listed: 1_000,
            message_id_bytes: input.message_id_bytes,
            channel_bytes: input.channel_bytes,
            thread_bytes: input.thread_bytes,
            sender_bytes: input.sender_bytes,
            kind_bytes: input.kind_bytes,
            text_bytes: input.text_bytes,
            attributes_bytes: input.attributes_bytes,
            line_bytes: input.line_bytes,
            zstd_window_log: input.zstd_window_log,
        }
    }
}

impl Ingest {
    /// As the lake takes them.
    pub fn input_limits(&self) -> InputLimits {
        InputLimits {
            message_id_bytes: self.message_id_bytes,
            channel_bytes: self.channel_bytes,
            thread_bytes: self.thread_bytes,
            sender_bytes: self.sender_bytes,
            kind_bytes: self.kind_bytes,
            text_bytes: self.text_bytes,
            attributes_bytes: self.attributes_bytes,
            line_bytes: self.line_bytes,
            zstd_window_log: self.zstd_window_log,
            ..InputLimits::default()
        }
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
        let environment = Env::prefixed("OUTHAUL_").filter(|name| name.as_str().contains("__")).split("__");
        let mut config: Self = figment
            .merge(environment)
            .extract()
            .map_err(|error| Failure::new(Exit::Usage, anyhow::Error::from(error)))?;
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
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(Failure::usage(format!("{name} must not be 0")));
        }
        if limits.lease_milliseconds < limits.heartbeat_milliseconds.saturating_mul(2) {
            return Err(Failure::usage("limits.lease_milliseconds must be at least two heartbeats"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(toml: &str, expected: Result<u64, &str>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("outhaul.toml");
        std::fs::write(&file, toml).unwrap();
        match (Config::read(Some(&file), None), expected) {
            (Ok(config), Ok(target)) => assert_eq!(config.limits.segment_rows_target, target),
            (Err(failure), Err(part)) => {
                assert_eq!(failure.code, Exit::Usage);
                assert!(failure.error.to_string().contains(part), "{}", failure.error);
            }
            (got, _) => panic!("{toml}: {got:?}"),
        }
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        check("", Ok(2_000_000));
        check("[limits]\nsegment_rows_target = 5", Ok(5));
        check("[limits]\nsegment_rows_target = 0", Err("limits.segment_rows_target"));
        check("[limits]\nsegment_rows = 5", Err("segment_rows"));
        check("[limits]\nlease_milliseconds = 10", Err("lease_milliseconds"));
        check("[limits]\nsegment_rows_target = 'many'", Err("segment_rows_target"));
    }

    #[test]
    fn a_worker_has_at_least_one_slot() {
        let slots = |slots| Worker { slots, ..Worker::default() }.slots();
        assert_eq!((slots(1), slots(5)), (1, 5));
        assert!((1..=u32::MAX / 2).contains(&slots(0)));
    }

    /// Every field of the program stands in docs/configuration.md with its default, and no other.
    #[test]
    fn the_page_lists_every_field_with_its_default() {
        let page = include_str!("../../../docs/configuration.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let listed: Vec<_> =
            rows.map(|(field, rest)| (field.to_owned(), rest.split(" |").next().unwrap().to_owned())).collect();
        let defaults = serde_json::to_value(Config::default()).unwrap();
        let mut expected = Vec::new();
        for (section, fields) in defaults.as_object().unwrap() {
            for (field, value) in fields.as_object().unwrap() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                expected.push((format!("{section}.{field}"), text));
            }
        }
        let sorted = |mut fields: Vec<(String, String)>| {
            fields.sort();
            fields
        };
        assert_eq!(sorted(listed), sorted(expected));
    }
}

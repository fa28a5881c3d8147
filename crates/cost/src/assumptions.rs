//! What is assumed, each by its name, with its limits, the range that it may lie in, and where its value comes from.

use std::ops::RangeInclusive;

use thiserror::Error;

/// An assumption that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AssumptionError {
    /// There is none of that name.
    #[error("`{0}` is no assumption")]
    Unknown(String),
    /// The value is not possible.
    #[error("`{name}` must be from {} to {}, not {value}", limits.start(), limits.end())]
    Limit {
        /// Which.
        name: &'static str,
        /// What was given.
        value: i128,
        /// What is possible.
        limits: RangeInclusive<u64>,
    },
    /// The value is no whole number.
    #[error("`{name}` must be a whole number, not {value}")]
    Number {
        /// Which.
        name: &'static str,
        /// What was given.
        value: String,
    },
    /// A preset leaves it out.
    #[error("`{0}` is missing")]
    Missing(&'static str),
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The question itself.
    Asked,
    /// Measured here.
    Measured,
    /// What the program does, by its own constants.
    Program,
    /// Chosen by us; look at your own.
    Chosen,
}

impl Basis {
    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Measured => "measured",
            Self::Program => "program",
            Self::Chosen => "chosen",
        }
    }
}

/// What else a value might be, for the sensitivity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// It is not in doubt.
    None,
    /// From half to double.
    Double,
    /// From here to there.
    Between(u64, u64),
}

/// What is known of an assumption beside its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name in scenarios.
    pub name: &'static str,
    /// What it says, with the unit.
    pub what: &'static str,
    /// Where the value comes from.
    pub basis: Basis,
    /// What is possible.
    pub limits: RangeInclusive<u64>,
    /// What else it might be.
    pub spread: Spread,
}

impl About {
    /// The range of the sensitivity around a value, within the limits.
    pub fn range(&self, value: u64) -> Option<(u64, u64)> {
        let within = |value: u64| value.clamp(*self.limits.start(), *self.limits.end());
        match self.spread {
            Spread::None => None,
            Spread::Double => Some((within(value / 2), within(value.saturating_mul(2)))),
            Spread::Between(low, high) => Some((low.min(value), high.max(value))),
        }
    }
}

macro_rules! assumptions {
    ($($(#[doc = $doc:literal])+ $name:ident: $basis:ident, $low:literal..=$high:literal, $spread:expr;)*) => {
        /// All assumptions of a scenario.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Assumptions {
            $($(#[doc = $doc])+ pub $name: u64,)*
        }

        /// What is known of each, in the order of tables.
        pub const ABOUT: &[About] = &[$(About {
            name: stringify!($name),
            what: concat!($($doc),+).trim_ascii(),
            basis: Basis::$basis,
            limits: $low..=$high,
            spread: $spread,
        }),*];

        impl Assumptions {
            /// The value of a name in [`ABOUT`].
            pub fn get(&self, name: &str) -> Option<u64> {
                match name { $(stringify!($name) => Some(self.$name),)* _ => None }
            }

            /// From the values of all names.
            pub fn from_values(values: impl Fn(&'static str) -> Option<i128>) -> Result<Self, AssumptionError> {
                let value = |name: &'static str| values(name).ok_or(AssumptionError::Missing(name));
                Ok(Self { $($name: checked(stringify!($name), value(stringify!($name))?)?,)* })
            }

            /// Gives one of them a value.
            pub fn set(&mut self, name: &str, value: i128) -> Result<(), AssumptionError> {
                let about = about(name)?;
                let value = checked(about.name, value)?;
                match about.name { $(stringify!($name) => self.$name = value,)* _ => {} }
                Ok(())
            }
        }
    };
}

assumptions! {
    /// organisations
    organisations: Asked, 1..=100_000, Spread::None;
    /// messages of each organisation on a day
    messages_a_day: Asked, 1..=1_000_000_000_000, Spread::None;
    /// bytes of a message as a line of CSV
    message_bytes: Chosen, 1..=100_000, Spread::Double;
    /// bytes of CSV for each hundred bytes of data files, as `rates.csv_percent`
    csv_percent: Program, 100..=10_000, Spread::Between(250, 500);
    /// bytes of a zip for each hundred bytes of data files, as `rates.compressed_percent`
    compressed_percent: Program, 1..=10_000, Spread::Between(80, 140);

    /// months for which messages are kept
    retention_months: Chosen, 1..=120, Spread::Double;
    /// months of them in S3 Standard; the older ones lie in Standard-IA
    standard_months: Chosen, 0..=120, Spread::Between(1, 12);

    /// MB of CSV that one core takes in in a second
    ingest_megabytes_a_second: Measured, 1..=100_000, Spread::Double;
    /// files that an organisation's messages of a day come in as
    files_a_day: Chosen, 1..=1_000_000, Spread::Double;
    /// commits of the table on a day, over all organisations
    commits_a_day: Chosen, 1..=1_000_000, Spread::Double;
    /// percent of the data files that compaction writes anew
    compaction_percent: Chosen, 0..=1_000, Spread::Between(0, 200);
    /// MB of CSV whose files one core compacts in a second
    compaction_megabytes_a_second: Chosen, 1..=100_000, Spread::Double;
    /// days for which files that compaction replaced can be brought back
    restore_days: Chosen, 1..=35, Spread::Between(1, 35);
    /// percent of the messages that come through the load balancer; the others come from within the network
    balancer_percent: Chosen, 0..=100, Spread::Between(0, 100);
    /// percent of the messages that cross from one zone to another on their way in
    cross_zone_percent: Chosen, 0..=100, Spread::Between(0, 67);

    /// exports of one month that a hundred organisations ask for in a month
    month_exports_a_hundred: Chosen, 0..=100_000, Spread::Double;
    /// exports of three months that a hundred organisations ask for in a quarter
    quarter_exports_a_hundred: Chosen, 0..=100_000, Spread::Double;
    /// percent of what is exported that was built before and is used again
    reused_percent: Chosen, 0..=100, Spread::Between(0, 60);
    /// MB of CSV that one core makes a zip of in a second
    export_megabytes_a_second: Measured, 1..=100_000, Spread::Double;
    /// percent of the paid time of machines in which they work
    busy_percent: Chosen, 1..=100, Spread::Between(40, 90);
    /// percent of that work (exports, compaction) that runs on spot
    spot_percent: Chosen, 0..=100, Spread::Between(0, 100);
    /// days for which an archive is kept
    archive_days: Program, 1..=3_650, Spread::Between(1, 30);
    /// days for which the parts of an archive are kept, to be used again
    part_days: Chosen, 0..=3_650, Spread::Between(1, 124);
    /// percent of the archives' bytes that leave over the internet; the others are fetched within the region, which costs nothing
    internet_percent: Chosen, 0..=1_000, Spread::Between(0, 100);
    /// rows that a segment aims at, as `limits.segment_rows_target`
    segment_rows: Program, 1_000..=1_000_000_000, Spread::Double;
    /// bytes of one part of an upload
    upload_bytes: Program, 5_242_880..=536_870_912, Spread::Double;
    /// bytes of one read of a data file
    read_bytes: Chosen, 65_536..=536_870_912, Spread::Double;

    /// write units of the job store for an export, its segments aside
    writes_an_export: Chosen, 0..=100_000, Spread::Double;
    /// write units of the job store for a segment
    writes_a_segment: Chosen, 0..=100_000, Spread::Double;
    /// read units of the job store for a segment, and for a request to the API
    reads_a_segment: Chosen, 0..=100_000, Spread::Double;
    /// bytes that the job store keeps of a segment
    segment_bytes: Chosen, 1..=400_000, Spread::Double;
    /// days for which the job store keeps what has ended
    record_days: Chosen, 1..=3_650, Spread::Double;
    /// requests to the API for an export: asking, looking, fetching
    requests_an_export: Chosen, 1..=1_000_000, Spread::Double;

    /// machines for API and the cluster's own pods, as multiples of m7g.large
    nodes: Chosen, 2..=10_000, Spread::Double;
    /// GB of disk of a machine
    node_gigabytes: Chosen, 1..=16_384, Spread::Double;
    /// cores of spot machines that stay for workers while nothing is asked
    idle_cores: Chosen, 0..=10_000, Spread::Between(0, 16);
    /// size of the database, as multiples of db.r7g.large; 0 for db.t4g.medium
    database_size: Chosen, 0..=24, Spread::Double;
    /// GB of disk of the database
    database_gigabytes: Chosen, 20..=65_536, Spread::Double;
    /// nodes of Valkey
    cache_nodes: Chosen, 1..=500, Spread::Double;
    /// size of such a node, as multiples of cache.r7g.large; 0 for cache.t4g.small
    cache_size: Chosen, 0..=24, Spread::Double;
    /// zones
    zones: Asked, 2..=6, Spread::None;
    /// NAT gateways, for what lies outside and for AWS's own addresses where there are no endpoints; no byte of messages passes them
    nat_gateways: Chosen, 0..=100, Spread::Between(0, 3);
    /// interface endpoints, each in every zone
    endpoints: Chosen, 0..=100, Spread::Double;
    /// bytes of log for a request to the API, a commit and a segment
    log_bytes: Chosen, 0..=1_000_000, Spread::Double;
    /// days for which logs are kept
    log_days: Chosen, 1..=3_650, Spread::Double;
    /// metrics that CloudWatch keeps of us
    metrics: Chosen, 0..=100_000, Spread::Double;
    /// alarms
    alarms: Chosen, 0..=100_000, Spread::Double;
    /// secrets
    secrets: Chosen, 0..=100_000, Spread::Double;
    /// keys of KMS; buckets use bucket keys, so that requests to them are few
    keys: Chosen, 1..=100_000, Spread::Double;

    /// MB of CSV that Spark exports on one vCPU in a second; only for the comparison
    spark_megabytes_a_second: Chosen, 1..=100_000, Spread::None;
    /// MB that a small broker of MSK takes in a second, a large one fifteen times that; only for the comparison
    broker_megabytes_a_second: Chosen, 1..=10_000, Spread::None;
}

/// What is known of a name.
pub fn about(name: &str) -> Result<&'static About, AssumptionError> {
    ABOUT.iter().find(|about| about.name == name).ok_or_else(|| AssumptionError::Unknown(name.to_owned()))
}

fn checked(name: &'static str, value: i128) -> Result<u64, AssumptionError> {
    let limits = about(name)?.limits.clone();
    let within = u64::try_from(value).ok().filter(|value| limits.contains(value));
    within.ok_or(AssumptionError::Limit { name, value, limits })
}

//! The command line.

pub mod cost;
pub mod people;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use domain::calendar::Zone;
use domain::ids::Slug;
use domain::request::{Format, Profile};
use domain::time::Day;

/// Data export: messages in, an exact and provable archive out.
#[derive(Debug, Parser)]
#[command(name = "outhaul", version, max_term_width = 100)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Data folder; everything embedded lies in it
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address of a service to work with instead of a data folder; the token comes from OUTHAUL_TOKEN
    #[arg(long, global = true, value_name = "URL", conflicts_with = "data")]
    pub server: Option<String>,
    /// Print one JSON object on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress, only errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Tell more on stderr (-vv: even more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring messages into the lake, each FILE as one batch
    Ingest(Ingest),
    /// Export a date range as CSV or as an archive of CSVs
    Export(Export),
    /// Check an archive, or a CSV with its manifest, down to the last bit
    Verify(Verify),
    /// Write invented messages, the same for the same seed
    Generate(Generate),
    /// Organisations
    #[command(subcommand)]
    Org(Org),
    /// Users
    #[command(subcommand)]
    User(people::User),
    /// Members of organisations
    #[command(subcommand)]
    Member(people::Member),
    /// Tokens with which an organisation's own programs come
    #[command(subcommand)]
    Token(people::Token),
    /// Memberships of users
    #[command(subcommand)]
    Membership(people::Membership),
    /// Who did what to whose data, the newest first
    Trail(people::Trail),
    /// The table of messages
    #[command(subcommand)]
    Lake(Lake),
    /// Run the service: the API and a worker in one process
    Serve(Listen),
    /// Run the API alone; workers of other processes build what is asked for
    Api(Listen),
    /// Run a worker alone; --listen gives /livez, /readyz and /metrics an address
    Worker(Listen),
    /// Print the API's OpenAPI document
    Openapi,
    /// What an installation on AWS costs a month, by named assumptions and dated prices
    Cost(cost::Cost),
    /// Look whether everything is in order
    Doctor,
    /// Bring the stores to the form that this program needs; the only command that changes a PostgreSQL schema
    Migrate,
    /// Make stores that were put back from backups fit for work, before any server is started
    Restore,
    /// Show the whole way: generate, ingest, export, verify
    Demo(Demo),
}

/// `outhaul ingest`.
#[derive(Debug, Args)]
pub struct Ingest {
    /// Organisation whose messages these are
    #[arg(long, value_name = "SLUG")]
    pub org: Slug,
    /// Create the organisation if it is not there
    #[arg(long)]
    pub create: bool,
    /// Key of the batch; a repeated key changes nothing [default: BLAKE3 of the file]
    #[arg(long, value_name = "K")]
    pub batch_key: Option<String>,
    /// Take the good lines of a file and list the refused ones
    #[arg(long)]
    pub skip_refused: bool,
    /// Files: .ndjson, .ndjson.gz, .ndjson.zst, .parquet, or - for NDJSON from stdin
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `outhaul export`.
#[derive(Debug, Args)]
pub struct Export {
    /// What to export: messages
    #[arg(value_parser = ["messages"])]
    pub dataset: String,
    /// Organisation
    #[arg(long, value_name = "SLUG")]
    pub org: Slug,
    /// First day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub from: Day,
    /// Last day, included
    #[arg(long, value_name = "DATE")]
    pub to: Day,
    /// IANA time zone the days are meant in
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: ZoneArg,
    /// zip, csv or csv.gz
    #[arg(long, default_value = "zip", value_name = "FORMAT")]
    pub format: Format,
    /// rfc4180 (exact) or spreadsheet (formulas defused, with a byte order mark)
    #[arg(long, default_value = "rfc4180", value_name = "PROFILE")]
    pub profile: Profile,
    /// Only this channel (repeat for more)
    #[arg(long = "channel", value_name = "C")]
    pub channels: Vec<String>,
    /// Only this sender (repeat for more)
    #[arg(long = "sender", value_name = "S")]
    pub senders: Vec<String>,
    /// Only these columns
    #[arg(long, value_name = "a,b", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Build every part anew
    #[arg(long)]
    pub no_reuse: bool,
    /// Where the file goes
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// Replace an existing FILE
    #[arg(long)]
    pub force: bool,
}

/// A zone that was looked up while the command line was read.
#[derive(Clone, Debug)]
pub struct ZoneArg(pub Zone);

impl std::str::FromStr for ZoneArg {
    type Err = domain::calendar::RangeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self)
    }
}

/// `outhaul verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Archives and CSVs; all volumes of an export together
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `outhaul generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// Messages in total, over all organisations
    #[arg(long, value_name = "N")]
    pub messages: u64,
    /// Organisations org-0001, org-0002, ...
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub organisations: u32,
    /// Days
    #[arg(long, value_name = "N", default_value_t = 31)]
    pub days: u32,
    /// First day
    #[arg(long, value_name = "DATE", default_value = "2024-01-01")]
    pub from: Day,
    /// Same seed, same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Keep only this organisation's lines
    #[arg(long, value_name = "SLUG")]
    pub org: Option<Slug>,
    /// Where the NDJSON goes, - for stdout
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// Replace an existing FILE
    #[arg(long)]
    pub force: bool,
}

/// `outhaul org`.
#[derive(Debug, Subcommand)]
pub enum Org {
    /// Create an organisation
    Create {
        /// Its name for ever: a-z, 0-9 and single -, _ or . between them
        slug: Slug,
    },
}

/// `outhaul lake`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Lake {
    /// Rows, files and bytes of each organisation
    Stats,
    /// Read every file against its sums and the table's own numbers
    Check,
}

/// `outhaul serve`, `outhaul api` and `outhaul worker`.
#[derive(Clone, Copy, Debug, Args)]
pub struct Listen {
    /// Address and port to listen on, port 0 for a free one [default: http.listen of the
    /// configuration; a worker listens only where it is told to]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
}

/// `outhaul demo`.
#[derive(Clone, Copy, Debug, Args)]
pub struct Demo {
    /// End after the last step instead of going on serving
    #[arg(long)]
    pub exit: bool,
    /// Address and port to listen on [default: a free port of this machine]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Messages to generate, over both organisations
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub messages: u64,
}

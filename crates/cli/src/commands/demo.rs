//! `outhaul demo`: the whole way in one command, over invented messages of two organisations.

use std::path::{Path, PathBuf};

use anyhow::Context;
use domain::calendar::Zone;
use domain::ids::Slug;
use domain::request::{Format, Profile};
use domain::time::Day;

use super::{export, generate, ingest, lake, verify};
use crate::args::{self, ZoneArg};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::folder;
use crate::report::Report;

/// Where the demo works, unless `--data` names a folder.
const FOLDER: &str = "outhaul-demo";
const FROM: &str = "2024-01-01";
const DAYS: u32 = 91;

/// Shows each step. A second run finds everything known and finished.
pub async fn run(config: &Config, args: args::Demo, report: &Report) -> Result<Exit, Failure> {
    let mut config = config.clone();
    let default = Config::default().storage.data;
    let home = if config.storage.data == default { PathBuf::from(FOLDER) } else { config.storage.data.clone() };
    config.storage.data = folder::make(&home)?.join("data");
    let demo = Demo { home, config, messages: args.messages, report };
    demo.messages()?;
    demo.ingest().await?;
    demo.export().await?;
    demo.verify()
}

struct Demo<'a> {
    home: PathBuf,
    config: Config,
    messages: u64,
    report: &'a Report,
}

impl Demo<'_> {
    fn heading(&self, text: &str) {
        self.report.say(format!("\n{text}"));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    fn organisations() -> Result<[Slug; 2], Failure> {
        Ok(["org-0001".parse()?, "org-0002".parse()?])
    }

    fn messages(&self) -> Result<(), Failure> {
        self.heading("1. Messages of two organisations, three months, the same at every run");
        for org in Self::organisations()? {
            let output = self.file(&format!("{org}.ndjson"));
            let args = args::Generate {
                messages: self.messages,
                organisations: 2,
                days: DAYS,
                from: FROM.parse()?,
                seed: 1,
                org: Some(org),
                output,
                force: true,
            };
            generate::run(&args, self.report)?;
        }
        Ok(())
    }

    async fn ingest(&self) -> Result<(), Failure> {
        self.heading("2. Into the lake, an Apache Iceberg table of Parquet files");
        for org in Self::organisations()? {
            let files = vec![self.file(&format!("{org}.ndjson"))];
            let args = args::Ingest { org, create: true, batch_key: None, skip_refused: false, files };
            ingest::run(&self.config, args, self.report).await?;
        }
        lake::run(&self.config, args::Lake::Stats, self.report).await?;
        Ok(())
    }

    async fn export(&self) -> Result<(), Failure> {
        self.heading("3. February of the first, days as people in Berlin count them: a ZIP with one CSV a day");
        self.one_export("february.zip", Format::Zip, ("2024-02-01", "2024-02-29")).await?;
        self.heading("4. The whole quarter: what February already built is used again");
        self.one_export("quarter.zip", Format::Zip, (FROM, "2024-03-31")).await?;
        self.heading("5. The same month as one CSV, gzip");
        self.one_export("february.csv.gz", Format::CsvGz, ("2024-02-01", "2024-02-29")).await
    }

    async fn one_export(&self, name: &str, format: Format, (from, to): (&str, &str)) -> Result<(), Failure> {
        let [org, _] = Self::organisations()?;
        let zone: Zone = "Europe/Berlin".parse()?;
        let (from, to): (Day, Day) = (from.parse()?, to.parse()?);
        let args = args::Export {
            dataset: "messages".to_owned(),
            org,
            from,
            to,
            time_zone: ZoneArg(zone),
            format,
            profile: Profile::Rfc4180,
            channels: Vec::new(),
            senders: Vec::new(),
            columns: Vec::new(),
            no_reuse: false,
            output: self.file(name),
            force: true,
        };
        export::run(&self.config, args, self.report).await?;
        Ok(())
    }

    fn verify(&self) -> Result<Exit, Failure> {
        self.heading("6. Each file against its manifest, down to the last bit");
        for name in ["february.zip", "quarter.zip", "february.csv.gz"] {
            let args = args::Verify { files: vec![self.file(name)] };
            if verify::run(&args, self.report)? != Exit::Done {
                return Ok(Exit::Unverified);
            }
        }
        let home = absolute(&self.home).context("where the demo lies")?;
        self.report.say(format!("\nEverything lies in {}; try `unzip -l {0}/quarter.zip`.", home.display()));
        Ok(Exit::Done)
    }
}

fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize()
}

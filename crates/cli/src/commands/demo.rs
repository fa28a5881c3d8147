//! `outhaul demo`: the whole way in one command, over HTTP, as the people of two organisations.

mod mail;
mod people;
mod shown;
mod visit;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use domain::ids::Slug;
use serde::Serialize;

use self::people::{ORGANISATIONS, Person};
use self::shown::Shown;
use self::visit::Visit;
use super::{generate, ingest};
use crate::args;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::folder;
use crate::interrupt;
use crate::report::Report;
use crate::service::{Roles, Service};
use crate::wiring::Installation;

/// Where the demo works, unless `--data` names a folder.
const FOLDER: &str = "outhaul-demo";
const FROM: &str = "2024-01-01";
const DAYS: u32 = 91;

#[derive(Serialize)]
struct Ready<'a> {
    address: String,
    docs: String,
    logins: &'a [Person],
}

/// Shows each step, says what was shown, and goes on serving unless told to end. A second run finds the messages known.
pub async fn run(config: &Config, args: args::Demo, report: &Report) -> Result<Exit, Failure> {
    let demo = Demo::new(config, args, report)?;
    if !demo.messages().await? {
        return Ok(Exit::Interrupted);
    }
    let (stop, exit) = interrupt::stop()?;
    let installation = Installation::serve(&demo.config, "outhaul demo").await?;
    demo.heading(3, "Two organisations with two people each, and the service on this machine");
    let people = people::make(&installation, report).await?;
    let listen = args.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let service = Service::start(&installation, Roles::BOTH, Some(listen), stop.clone()).await?;
    let address = format!("http://{}", service.address.context("the service listens")?);
    report.say(format!("listening on {address}"));
    let mut stopped = stop;
    let visit = Visit::new(&demo, &installation, &address, &people)?;
    let shown = tokio::select! {
        shown = visit.run() => shown?,
        () = interrupt::came(&mut stopped) => {
            service.ended().await?;
            return Ok(exit.get().copied().unwrap_or(Exit::Interrupted));
        }
    };
    demo.summary(&shown);
    let docs = format!("{address}/docs/");
    let ready = Ready { address, docs, logins: &people };
    report.data(&serde_json::to_string(&ready).context("the last line")?);
    let done = if shown.all() { Exit::Done } else { Exit::Failed };
    if args.exit || done != Exit::Done {
        service.stop();
    }
    service.ended().await?;
    Ok(exit.get().copied().unwrap_or(done))
}

/// What all steps share.
pub(super) struct Demo<'a> {
    home: PathBuf,
    config: Config,
    args: args::Demo,
    report: &'a Report,
}

impl<'a> Demo<'a> {
    fn new(config: &Config, args: args::Demo, report: &'a Report) -> Result<Self, Failure> {
        let mut config = config.clone();
        let default = Config::default().storage.data;
        let home = if config.storage.data == default { PathBuf::from(FOLDER) } else { config.storage.data.clone() };
        let home = folder::make(&home)?;
        config.storage.data = home.join("data");
        Ok(Self { home, config, args, report })
    }

    fn heading(&self, number: u32, text: &str) {
        self.report.say(format!("\n{number}. {text}"));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// Generates and ingests; `false` after an interrupt.
    async fn messages(&self) -> Result<bool, Failure> {
        self.heading(1, "Messages of two organisations, three months, the same at every run");
        for org in ORGANISATIONS {
            self.generate(org.parse()?)?;
        }
        self.heading(2, "Into the lake, an Apache Iceberg table of Parquet files");
        for org in ORGANISATIONS {
            let files = vec![self.file(&format!("{org}.ndjson"))];
            let org = org.parse()?;
            let args = args::Ingest { org, create: true, batch_key: None, skip_refused: false, files };
            match ingest::take_in(&self.config, args, self.report).await? {
                Exit::Done => {}
                Exit::Interrupted => return Ok(false),
                code => return Err(Failure::new(code, anyhow::anyhow!("the messages were refused"))),
            }
        }
        Ok(true)
    }

    fn generate(&self, org: Slug) -> Result<(), Failure> {
        let output = self.file(&format!("{org}.ndjson"));
        let args = args::Generate {
            messages: self.args.messages,
            organisations: 2,
            days: DAYS,
            from: FROM.parse()?,
            seed: 1,
            org: Some(org),
            output,
            force: true,
        };
        generate::run(&args, self.report).map(|_| ())
    }

    fn summary(&self, shown: &Shown) {
        self.report.say(format!("\nWhat was shown\n{}", shown.in_words()));
        self.report.say(format!("\nEverything lies in {}.", self.home.display()));
        if !self.args.exit && shown.all() {
            self.report.say("Serving until Ctrl-C; the last line has the address and the logins.");
        }
    }
}

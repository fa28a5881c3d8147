//! `outhaul migrate`: brings the stores to the form that this program needs.

use serde::Serialize;

use crate::config::{Catalog, Config, Database, Records};
use crate::exit::{Exit, Failure, OrExit};
use crate::report::Report;
use crate::system;
use crate::wiring::{Installation, migrate_tables, owner};

#[derive(Serialize)]
struct Output {
    migrated: Vec<Store>,
    /// What was done to each table of DynamoDB, in words.
    tables: Vec<String>,
}

#[derive(Serialize)]
struct Store {
    store: &'static str,
    from: u32,
    to: u32,
}

/// Migrates what is kept in PostgreSQL as the owner of its tables, and makes the tables of DynamoDB; files of SQLite are migrated by whoever opens them. May
/// be repeated, and run while processes of the release before are at work.
pub async fn run(config: &Config, report: &Report) -> Result<Exit, Failure> {
    let (clock, mut migrated) = (system::clock(), Vec::new());
    if config.user_of_postgres().is_some() {
        let owner = owner(&config.postgres)?;
        let service = &config.postgres.user;
        if config.directory.kind == Database::Postgres {
            let done = stores_postgres::migrate(&owner, service, clock.as_ref()).await.or_exit(Exit::Unavailable)?;
            migrated.push(Store { store: "directory", from: done.from, to: done.to });
        }
        if config.lake.catalog == Catalog::Postgres {
            let done = catalog_postgres::migrate(&owner, service, clock.as_ref()).await.or_exit(Exit::Unavailable)?;
            migrated.push(Store { store: "catalog", from: done.from, to: done.to });
        }
    }
    let mut tables = Vec::new();
    if config.jobs.kind == Records::DynamoDb {
        tables = migrate_tables(config, clock, system::random()).await?;
    }
    drop(Installation::open(config).await?);
    let output = Output { migrated, tables };
    report.result(&output, || output.in_words());
    Ok(Exit::Done)
}

impl Output {
    fn in_words(&self) -> String {
        let line = |Store { store, from, to }: &Store| match from == to {
            true => format!("{store}: version {to}, nothing to do"),
            false => format!("{store}: from version {from} to {to}"),
        };
        let lines = self
            .migrated
            .iter()
            .map(line)
            .chain(self.tables.iter().cloned())
            .chain(["the data folder is up to date".to_owned()]);
        lines.collect::<Vec<_>>().join("\n")
    }
}

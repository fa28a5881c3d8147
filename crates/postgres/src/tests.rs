//! On a real server: transactions under faults, migrations, and what a doctor finds.

mod checks;
mod faults;
mod migrations;
mod repeats;
mod tls;

use std::sync::Arc;

use domain::clock::ManualClock;
use domain::random::Random;
use domain::time::Micros;
use engines::Role;

use crate::sqlx::query;
use crate::{Database, Guard, Migration, PostgresError, PostgresOptions, Schema, Settings, Table, get, migrate};

/// A schema as an adapter would have it: notes of organisations.
const SCHEMA: Schema = Schema {
    name: "trial",
    migrations: &[Migration { sql: NOTES, needs: 1 }],
    tables: &[Table { name: "notes", grants: "SELECT, INSERT", rows: Guard::Forced }],
};
const NOTES: &str = "CREATE TABLE notes (organisation text NOT NULL, note text NOT NULL);
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose ON notes USING (organisation = current_setting('outhaul.organisation', true))";

/// A migrated database of its own, and who works on it.
struct World {
    engine: engines::Database,
    service: Role,
}

impl World {
    async fn fresh() -> Option<Self> {
        Some(Self::on(engines::Database::fresh()?).await)
    }

    async fn on(engine: engines::Database) -> Self {
        let service = engine.role("service");
        let world = Self { engine, service };
        migrate(&world.owner(), &SCHEMA, world.service.name(), &clock()).await.expect("a new database");
        world
    }

    fn owner(&self) -> PostgresOptions {
        self.engine.url_of_owner().parse().expect("a url")
    }

    fn options(&self) -> PostgresOptions {
        self.service.url().parse().expect("a url")
    }

    /// What the service has open.
    fn connections(&self) -> String {
        self.engine.sql(&format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'", self.service.name()))
    }
}

/// The options of a server behind another address.
fn behind(address: &str, options: &str) -> PostgresOptions {
    let (login, place) = options.rsplit_once('@').expect("a url with a login");
    let (_, database) = place.split_once('/').expect("a url with a database");
    format!("{login}@{address}/{database}").parse().expect("a url")
}

fn clock() -> ManualClock {
    ManualClock::at(Micros(1_700_000_000_000_000))
}

fn open(options: &PostgresOptions) -> Database {
    Database::new(options, SCHEMA.name, Arc::new(clock()), Arc::new(Halves))
}

fn of(organisation: &str) -> Settings {
    Settings::none().with("outhaul.organisation", organisation)
}

async fn add(database: &Database, note: &str) -> Result<(), PostgresError> {
    let insert = || query("INSERT INTO notes VALUES ('a', $1)").bind(note.to_owned());
    database.write(of("a"), |tx| Box::pin(async move { tx.run("add a note", insert()).await.map(drop) })).await
}

async fn count(database: &Database) -> Result<i64, PostgresError> {
    let count = || query("SELECT count(*) FROM notes");
    let row = database.read(of("a"), |tx| Box::pin(async move { tx.one("count notes", count()).await })).await?;
    get("a count", &row.expect("a count has a row"), 0)
}

/// Not random at all: every wait is half of its bound.
struct Halves;

impl Random for Halves {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x7f);
    }
}

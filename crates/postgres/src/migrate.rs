//! Brings a schema to this program's version: all missing migrations in one transaction, one program at a time.

use std::time::Duration;

use domain::clock::Clock;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Postgres, query, query_scalar, raw_sql};
use tokio::time::timeout;

use crate::error::PostgresError;
use crate::grants;
use crate::options::PostgresOptions;
use crate::schema::Schema;
use crate::version::{APPLIED, Applied, judge};

/// The one lock of all migrations of a database: any number, the same in all programs.
const LOCK: i64 = 0x6f75_7468_6175_6c00;
/// How long a migration waits for others, and how long it may take: a table of many rows needs its time.
const LIMIT: Duration = Duration::from_secs(600);
/// How long it waits for a table that is in use, while everybody behind it waits, too.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '5s'";

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version that was found; 0 before there was a schema.
    pub from: u32,
    /// The version that it has now.
    pub to: u32,
}

/// Brings `schema` to this program's version, as its owner, and gives the role `service` the rights it needs.
///
/// It can run again, and while programs of the version before are at work. A database that is newer, but can be used by this
/// program, is left as it is.
///
/// # Errors
/// `TooNew`, `Corrupt` where an applied migration is another one, `Backend` where the server refuses: nothing was changed.
pub async fn migrate(
    owner: &PostgresOptions,
    schema: &Schema,
    service: &str,
    clock: &dyn Clock,
) -> Result<Migrated, PostgresError> {
    let work = async {
        let options = owner.for_owner();
        let mut connection = PgConnection::connect_with(&options).await.map_err(failed("connect"))?;
        let migrated = apply(&mut connection, schema, service, clock).await?;
        // What was committed stays, whether the server hears of the end or not.
        connection.close().await.ok();
        Ok(migrated)
    };
    timeout(LIMIT, work).await.unwrap_or_else(|_| Err(PostgresError::late("migrate")))
}

async fn apply(
    connection: &mut PgConnection,
    schema: &Schema,
    service: &str,
    clock: &dyn Clock,
) -> Result<Migrated, PostgresError> {
    let mut transaction = connection.begin().await.map_err(failed("begin a migration"))?;
    query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await.map_err(failed("wait"))?;
    run(&mut transaction, LOCK_TIMEOUT).await?;
    let from = found(&mut transaction, schema).await?;
    if from > schema.known() {
        return Ok(Migrated { from, to: from });
    }
    for (migration, version) in schema.migrations.iter().zip(1_i32..).skip(from as usize) {
        run(&mut transaction, migration.sql).await?;
        let record =
            query("INSERT INTO schema_versions (version, checksum, needs, applied_at) VALUES ($1, $2, $3, $4)");
        let record = record.bind(version).bind(migration.checksum()).bind(migration.needs as i32).bind(clock.now().0);
        record.execute(&mut *transaction).await.map_err(failed("record a migration"))?;
    }
    for statement in grants::statements(schema, service) {
        run(&mut transaction, &statement).await?;
    }
    transaction.commit().await.map_err(failed("commit a migration"))?;
    Ok(Migrated { from, to: schema.known() })
}

/// The version of the schema, which is made where it is missing, and searched from here on.
async fn found(connection: &mut PgConnection, schema: &Schema) -> Result<u32, PostgresError> {
    let name = schema.name;
    run(connection, &format!("SET LOCAL search_path = {name}")).await?;
    // The schema itself may have been made by somebody who may, for an owner who may not.
    if !is_there(connection, "SELECT to_regnamespace($1) IS NOT NULL", name).await? {
        run(connection, &format!("CREATE SCHEMA {name}")).await?;
    }
    if !is_there(connection, "SELECT to_regclass($1) IS NOT NULL", &format!("{name}.schema_versions")).await? {
        run(connection, VERSIONS).await?;
    }
    let rows = query(APPLIED).fetch_all(&mut *connection).await.map_err(failed("read the schema's version"))?;
    judge(schema, &rows.iter().map(Applied::read).collect::<Result<Vec<_>, _>>()?)
}

async fn is_there(connection: &mut PgConnection, ask: &'static str, name: &str) -> Result<bool, PostgresError> {
    let ask = query_scalar::<Postgres, bool>(ask).bind(name);
    ask.fetch_one(connection).await.map_err(failed("look for the schema"))
}

/// One row for each applied migration. Times are microseconds since 1970, UTC.
const VERSIONS: &str = "CREATE TABLE schema_versions (
    version integer PRIMARY KEY CHECK (version > 0),
    checksum bytea NOT NULL CHECK (octet_length(checksum) = 32),
    -- The oldest version of a program that can still work.
    needs integer NOT NULL CHECK (needs BETWEEN 1 AND version),
    applied_at bigint NOT NULL
)";

async fn run(connection: &mut PgConnection, statements: &str) -> Result<(), PostgresError> {
    raw_sql(statements).execute(connection).await.map_err(failed("migrate")).map(drop)
}

/// A migration is never repeated by itself.
fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> PostgresError {
    move |error| PostgresError::of(doing, error)
}

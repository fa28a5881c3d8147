//! What a doctor asks of a database that a service works on: nothing is changed.

use domain::clock::Clock;
use domain::finding::{Finding, Verdict};
use sqlx::postgres::PgRow;
use sqlx::query;

use crate::database::Database;
use crate::error::PostgresError;
use crate::rows::{corrupt, get};
use crate::schema::{Guard, Schema, Table};
use crate::settings::Settings;
use crate::version::usable;

/// The oldest server that is tried (`server_version_num`).
const OLDEST_SERVER: i32 = 150_000;
/// More difference between the clocks of the server and of this process is worth a word (microseconds).
const CLOCK_LIMIT_MICROS: i64 = 5_000_000;

/// What is read of the server's own tables.
const SAID: &str = "what the server says of itself";

/// Asks everything that can be asked: who does not answer at all is asked nothing more.
pub async fn check(database: &Database, schema: &'static Schema, clock: &dyn Clock) -> Vec<Finding> {
    let nobody = Settings::none;
    let server = database.read(nobody(), |tx| Box::pin(tx.one("ask the server", query(SERVER)))).await;
    let mut findings = match server.and_then(said).and_then(|row| about_server(&row, clock)) {
        Ok(findings) => findings,
        Err(error) => return vec![Finding::fail("postgres reachable", full(&error))],
    };
    let role = database.read(nobody(), |tx| Box::pin(tx.one("ask for rights", query(ROLE).bind(schema.name)))).await;
    let role = role.and_then(said).and_then(|row| about_role(&row));
    findings.push(role.unwrap_or_else(|error| Finding::fail("postgres role", full(&error))));
    findings.push(match database.read(nobody(), |tx| Box::pin(usable(tx, schema))).await {
        Ok(version) => Finding::ok("postgres schema", format!("{} has version {version}", schema.name)),
        Err(error) => Finding::fail("postgres schema", full(&error)),
    });
    let tables = database.read(nobody(), |tx| Box::pin(tx.many("ask for tables", query(TABLES).bind(schema.name))));
    findings.push(match tables.await.and_then(|rows| about_tables(schema, &rows)) {
        Ok(finding) => finding,
        Err(error) => Finding::fail("postgres row security", full(&error)),
    });
    let pool = database.pool_use();
    let text = format!("{} of {} connections used, {} idle", pool.used, pool.size, pool.idle);
    findings.push(Finding::ok("postgres pool", text));
    findings
}

const SERVER: &str = "SELECT current_setting('server_version_num')::integer AS version,
    current_setting('server_version') AS version_text,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now,
    pg_is_in_recovery() AS is_second";

fn about_server(row: &PgRow, clock: &dyn Clock) -> Result<Vec<Finding>, PostgresError> {
    let text = |column: &str| get::<String>(SAID, row, column);
    let (version, is_second): (i32, bool) = (get(SAID, row, "version")?, get(SAID, row, "is_second")?);
    let standing = if is_second { "answers, but as a standby it takes no writes" } else { "answers and takes writes" };
    let needed = format!("{}, 15 or newer is needed", text("version_text")?);
    let mut findings = vec![
        ok_if(!is_second, "postgres reachable", standing.to_owned()),
        ok_if(version >= OLDEST_SERVER, "postgres version", needed),
    ];
    for (what, name) in [
        ("postgres synchronous_commit", "synchronous_commit"),
        ("postgres fsync", "fsync"),
        ("postgres full_page_writes", "full_page_writes"),
    ] {
        let value = text(name)?;
        findings.push(ok_if(value != "off", what, format!("is {value}")));
    }
    let apart = get::<i64>(SAID, row, "now")?.saturating_sub(clock.now().0);
    let is_near = apart.saturating_abs() <= CLOCK_LIMIT_MICROS;
    let text = format!("the server's is {:+.1} s from ours", apart as f64 / 1e6);
    findings.push(if is_near { Finding::ok("postgres clock", text) } else { Finding::warn("postgres clock", text) });
    Ok(findings)
}

const ROLE: &str = "SELECT rolsuper, rolbypassrls, rolcreaterole,
    EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1 AND pg_has_role(current_user, nspowner, 'MEMBER'))
    OR EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace($1)
        AND pg_has_role(current_user, relowner, 'MEMBER')) AS is_owner,
    coalesce(has_schema_privilege(current_user, to_regnamespace($1), 'CREATE'), false) AS may_create
    FROM pg_roles WHERE rolname = current_user";

fn about_role(row: &PgRow) -> Result<Finding, PostgresError> {
    let mut powers = Vec::new();
    for (column, power) in [
        ("rolsuper", "is a superuser"),
        ("rolbypassrls", "may bypass row security"),
        ("rolcreaterole", "may make roles"),
        ("is_owner", "is or may become the owner of the tables"),
        ("may_create", "may make tables"),
    ] {
        if get(SAID, row, column)? {
            powers.push(power);
        }
    }
    let too_much = format!("has too much power: it {}", powers.join(", "));
    let text = if powers.is_empty() { "may do what the service needs".to_owned() } else { too_much };
    Ok(ok_if(powers.is_empty(), "postgres role", text))
}

/// Every table of a schema (`r`), also those in parts (`p`), and whether its policies hold for its owner.
const TABLES: &str = "SELECT relname::text AS name, relrowsecurity AND relforcerowsecurity AS is_forced
    FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p') ORDER BY relname";

/// Tables must not be open where nothing says that they may be.
fn about_tables(schema: &Schema, rows: &[PgRow]) -> Result<Finding, PostgresError> {
    let mut open = Vec::new();
    for row in rows {
        let (name, is_forced): (String, bool) = (get(SAID, row, "name")?, get(SAID, row, "is_forced")?);
        let may_be_open = |table: &Table| table.name == name && table.rows != Guard::Forced;
        if !is_forced && !schema.all_tables().any(may_be_open) {
            open.push(name);
        }
    }
    let is_forced = "is forced on every table that holds a tenant's data".to_owned();
    let text = if open.is_empty() { is_forced } else { format!("is not forced on {}", open.join(", ")) };
    Ok(ok_if(open.is_empty(), "postgres row security", text))
}

fn ok_if(is_ok: bool, what: &'static str, text: String) -> Finding {
    Finding { what, verdict: if is_ok { Verdict::Ok } else { Verdict::Fail }, text }
}

fn said(row: Option<PgRow>) -> Result<PgRow, PostgresError> {
    row.ok_or_else(|| corrupt(SAID, "it said nothing"))
}

/// An error with all its causes.
fn full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

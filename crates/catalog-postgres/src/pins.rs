//! Pins, inside a transaction.

use domain::ids::ExportId;
use domain::time::Micros;
use lake::catalog::Pin;
use postgres::sqlx::postgres::PgRow;
use postgres::sqlx::query;
use postgres::{PostgresError, Transaction, get, parse};

use crate::sql;

pub(crate) async fn pin(tx: &mut Transaction<'_>, pin: &Pin) -> Result<Pin, PostgresError> {
    let insert = query(sql::PIN).bind(pin.export.0).bind(pin.owner.to_string()).bind(pin.snapshot_id);
    tx.run("pin a snapshot", insert.bind(pin.pinned_at.0)).await?;
    let found = tx.one("look for a pin", query(sql::PINNED).bind(pin.export.0)).await?;
    // Taken away between the two statements: another try writes it again.
    found.map_or_else(|| Err(PostgresError::in_the_way("pin a snapshot")), |row| read(&row))
}

pub(crate) async fn unpin(tx: &mut Transaction<'_>, export: ExportId) -> Result<(), PostgresError> {
    tx.run("let a snapshot go", query(sql::UNPIN).bind(export.0)).await.map(drop)
}

pub(crate) async fn all(tx: &mut Transaction<'_>) -> Result<Vec<Pin>, PostgresError> {
    tx.many("list pins", query(sql::PINS)).await?.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<Pin, PostgresError> {
    const WHAT: &str = "a pin";
    Ok(Pin {
        export: ExportId(get(WHAT, row, 0)?),
        owner: parse(WHAT, get(WHAT, row, 1)?)?,
        snapshot_id: get(WHAT, row, 2)?,
        pinned_at: Micros(get(WHAT, row, 3)?),
    })
}

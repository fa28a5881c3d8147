//! The memberships: each import is one transaction.

mod sql;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::str::FromStr;

use async_trait::async_trait;
use domain::ids::UserId;
use domain::membership::Membership;
use domain::time::Day;
use rusqlite::{Params, Row, Transaction, params};
use stores::error::Cause;
use stores::memberships::{Import, MembershipsImported};
use stores::{Memberships, StoreError};

use crate::adapter::SqliteStores;
use crate::directory::{key_of, key_of_living};
use crate::error::corrupt;
use crate::failpoint;
use crate::rows::{many, parse, run, value};
use crate::writer::{Lasts, Write};

#[async_trait]
impl Memberships for SqliteStores {
    async fn import_memberships(&self, rows: Vec<Membership>) -> Result<MembershipsImported, StoreError> {
        let import = move |tx: &Transaction<'_>| {
            let imported = import(tx, &rows)?;
            let is_done = matches!(imported, MembershipsImported::Done { .. });
            Ok(if is_done { Write::Commit(imported) } else { Write::Leave(imported) })
        };
        self.database.write_if(failpoint::IMPORT, Lasts::Now, import).await
    }

    async fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        self.database.read(move |tx| of_user(tx, user, |key| (sql::OF_USER, (key,)))).await
    }

    async fn memberships_page(
        &self,
        user: UserId,
        after: Option<&Membership>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        // Every day comes after this one, so that the first page begins at the first row.
        let (day, id) = after.map_or((i32::MIN, String::new()), |row| (row.valid_from.0, row.id.to_string()));
        self.database.read(move |tx| of_user(tx, user, |key| (sql::PAGE, (key, day, id, limit)))).await
    }
}

/// Stores rows as long as none is refused.
fn import(tx: &Transaction<'_>, rows: &[Membership]) -> Result<MembershipsImported, StoreError> {
    let (mut import, mut keys) = (Import::default(), HashMap::new());
    for row in rows {
        let holder: Option<String> = value(tx, sql::HOLDER, [row.id.to_string()], "look a membership up")?;
        let holder = holder.map(|id| parse("a membership", &id)).transpose()?;
        let count = || {
            let Some(key) = key_of_living(tx, row.user)? else { return Ok(None) };
            keys.insert(row.user, key);
            value(tx, sql::COUNT, [key], "count memberships")
        };
        if let Some(refused) = import.judge(row.user, holder, count)? {
            return Ok(refused);
        }
        save(tx, keys[&row.user], row)?;
    }
    Ok(import.done())
}

fn save(tx: &Transaction<'_>, user: i64, row: &Membership) -> Result<(), StoreError> {
    let values = params![
        row.id.to_string(),
        user,
        row.name,
        row.recurring_price_hundredths,
        row.currency.as_str(),
        row.valid_from.0,
        row.valid_until.map(|day| day.0),
        row.state.name(),
        row.payment_method.name(),
        row.billing_interval.name(),
        row.billing_periods,
    ];
    run(tx, sql::SAVE, values, "save a membership").map(drop)
}

fn of_user<P: Params>(
    tx: &Transaction<'_>,
    user: UserId,
    ask: impl FnOnce(i64) -> (&'static str, P),
) -> Result<Vec<Membership>, StoreError> {
    let Some((key, _)) = key_of(tx, user)? else { return Ok(Vec::new()) };
    let (statement, key) = ask(key);
    let found = many(tx, statement, key, |row| Ok(read(row, user)), "list memberships")?;
    found.into_iter().collect()
}

fn read(row: &Row<'_>, user: UserId) -> Result<Membership, StoreError> {
    Ok(Membership {
        id: text(row, "id")?,
        name: get(row, "name")?,
        user,
        recurring_price_hundredths: get(row, "recurring_price_hundredths")?,
        currency: text(row, "currency")?,
        valid_from: Day(get(row, "valid_from")?),
        valid_until: get::<Option<i32>>(row, "valid_until")?.map(Day),
        state: text(row, "state")?,
        payment_method: text(row, "payment_method")?,
        billing_interval: text(row, "billing_interval")?,
        billing_periods: get(row, "billing_periods")?,
    })
}

fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    row.get(column).map_err(|error| corrupt("a membership", error))
}

fn text<T: FromStr<Err: Into<Cause>>>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    parse("a membership", &get::<String>(row, column)?)
}

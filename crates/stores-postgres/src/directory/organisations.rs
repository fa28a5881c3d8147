//! Organisations, inside a transaction.

use domain::ids::Slug;
use domain::time::Micros;
use postgres::sqlx::query;
use postgres::{PostgresError, Transaction, get, parse};
use stores::Organisation;

use super::sql;

const WHAT: &str = "an organisation";

pub(super) async fn create(tx: &mut Transaction<'_>, slug: &Slug, now: Micros) -> Result<bool, PostgresError> {
    let insert = query(sql::CREATE_ORGANISATION).bind(slug.as_str()).bind(now.0);
    Ok(tx.run("add an organisation", insert).await? == 1)
}

pub(super) async fn find(tx: &mut Transaction<'_>, slug: &Slug) -> Result<Option<Organisation>, PostgresError> {
    let found = tx.one("look an organisation up", query(sql::ORGANISATION).bind(slug.as_str())).await?;
    let organisation = |row| Ok(Organisation { slug: slug.clone(), created_at: Micros(get(WHAT, &row, 0)?) });
    found.map(organisation).transpose()
}

pub(super) async fn page(
    tx: &mut Transaction<'_>,
    after: Option<&Slug>,
    limit: u32,
) -> Result<Vec<Organisation>, PostgresError> {
    // No slug is empty, so all come after that.
    let after = after.map_or("", Slug::as_str);
    let page = query(sql::ORGANISATIONS).bind(after).bind(i64::from(limit));
    let rows = tx.many("list organisations", page).await?;
    let organisation =
        |row| Ok(Organisation { slug: parse(WHAT, get(WHAT, row, 0)?)?, created_at: Micros(get(WHAT, row, 1)?) });
    rows.iter().map(organisation).collect()
}

//! The directory: one table.

use async_trait::async_trait;
use domain::ids::Slug;
use domain::time::Micros;
use rusqlite::{OptionalExtension, params};
use stores::{Directory, Organisation, StoreError};

use crate::adapter::SqliteStores;
use crate::error::{corrupt, failed};
use crate::failpoint::NONE;

const INSERT: &str = "INSERT INTO organisations (slug, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
const SELECT: &str = "SELECT created_at FROM organisations WHERE slug = ?1";
const PAGE: &str = "SELECT slug, created_at FROM organisations WHERE slug > ?1 ORDER BY slug LIMIT ?2";

#[async_trait]
impl Directory for SqliteStores {
    async fn create_organisation(&self, slug: &Slug) -> Result<bool, StoreError> {
        let (slug, now) = (slug.to_string(), self.clock.now().0);
        let insert = move |tx: &rusqlite::Transaction<'_>| {
            let changed = tx.execute(INSERT, params![slug, now]).map_err(failed("add an organisation"))?;
            Ok(changed == 1)
        };
        self.database.write(NONE, insert).await
    }

    async fn organisation(&self, slug: &Slug) -> Result<Option<Organisation>, StoreError> {
        let slug = slug.clone();
        let select = move |tx: &rusqlite::Transaction<'_>| {
            let created_at = tx.query_row(SELECT, [slug.as_str()], |row| row.get(0)).optional();
            let created_at = created_at.map_err(failed("look an organisation up"))?;
            Ok(created_at.map(|micros| Organisation { slug, created_at: Micros(micros) }))
        };
        self.database.read(select).await
    }

    async fn organisations(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Organisation>, StoreError> {
        // No slug is empty, so all come after that.
        let after = after.map_or(String::new(), Slug::to_string);
        let page = move |tx: &rusqlite::Transaction<'_>| {
            let mut statement = tx.prepare_cached(PAGE).map_err(failed("list organisations"))?;
            let rows = statement.query_map(params![after, limit], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
            let rows: Result<Vec<(String, i64)>, _> = rows.and_then(Iterator::collect);
            rows.map_err(failed("list organisations"))?.into_iter().map(organisation).collect()
        };
        self.database.read(page).await
    }
}

fn organisation((slug, created_at): (String, i64)) -> Result<Organisation, StoreError> {
    let slug = slug.parse().map_err(|error| corrupt("an organisation", error))?;
    Ok(Organisation { slug, created_at: Micros(created_at) })
}

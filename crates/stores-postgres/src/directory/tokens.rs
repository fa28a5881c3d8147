//! Tokens of organisations, inside a transaction.

use domain::ids::{Slug, TokenId};
use domain::time::Micros;
use postgres::sqlx::postgres::PgRow;
use postgres::sqlx::query;
use postgres::{PostgresError, Transaction, corrupt, get, parse};
use stores::OrganisationToken;

use super::{organisations, sql};

const WHAT: &str = "a token";

pub(super) async fn create(tx: &mut Transaction<'_>, token: &OrganisationToken) -> Result<bool, PostgresError> {
    if organisations::find(tx, &token.organisation).await?.is_none() {
        return Ok(false);
    }
    let scopes = token.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ");
    let insert = query(sql::CREATE_TOKEN)
        .bind(token.id.0)
        .bind(token.organisation.as_str())
        .bind(scopes)
        .bind(&token.secret_sha256[..])
        .bind(token.created_at.0);
    tx.run("create a token", insert).await?;
    Ok(true)
}

pub(super) async fn find(tx: &mut Transaction<'_>, id: TokenId) -> Result<Option<OrganisationToken>, PostgresError> {
    let found = tx.one("look a token up", query(sql::TOKEN).bind(id.0)).await?;
    found.map(|row| read(id, &row)).transpose()
}

fn read(id: TokenId, row: &PgRow) -> Result<OrganisationToken, PostgresError> {
    let scopes = get::<&str>(WHAT, row, 1)?.split_whitespace().map(|scope| parse(WHAT, scope));
    let secret: &[u8] = get(WHAT, row, 2)?;
    Ok(OrganisationToken {
        id,
        organisation: parse(WHAT, get(WHAT, row, 0)?)?,
        scopes: scopes.collect::<Result<_, PostgresError>>()?,
        secret_sha256: secret.try_into().map_err(|error| corrupt(WHAT, error))?,
        created_at: Micros(get(WHAT, row, 3)?),
    })
}

pub(super) async fn revoke(tx: &mut Transaction<'_>, organisation: &Slug, id: TokenId) -> Result<bool, PostgresError> {
    let delete = query(sql::REVOKE_TOKEN).bind(organisation.as_str()).bind(id.0);
    Ok(tx.run("revoke a token", delete).await? == 1)
}

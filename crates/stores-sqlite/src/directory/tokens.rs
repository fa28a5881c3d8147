//! Tokens of organisations, inside a transaction.

use domain::ids::{Slug, TokenId};
use domain::time::Micros;
use rusqlite::{Row, Transaction, params};
use stores::{OrganisationToken, StoreError};

use super::sql;
use crate::rows::{one, parse, run, value};

pub(super) fn create(tx: &Transaction<'_>, token: &OrganisationToken) -> Result<bool, StoreError> {
    let slug = token.organisation.as_str();
    if value::<i64>(tx, sql::ORGANISATION, [slug], "look an organisation up")?.is_none() {
        return Ok(false);
    }
    let scopes = token.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ");
    let values = params![token.id.to_string(), slug, scopes, token.secret_sha256, token.created_at.0];
    run(tx, sql::CREATE_TOKEN, values, "create a token")?;
    Ok(true)
}

pub(super) fn get(tx: &Transaction<'_>, id: TokenId) -> Result<Option<OrganisationToken>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, [u8; 32]>(2)?, row.get::<_, i64>(3)?))
    };
    let found = one(tx, sql::TOKEN, [id.to_string()], read, "look a token up")?;
    let token = |(organisation, scopes, secret_sha256, created_at): (String, String, _, _)| {
        let scopes = scopes.split_whitespace().map(|scope| parse("a token", scope));
        Ok(OrganisationToken {
            id,
            organisation: parse("a token", &organisation)?,
            scopes: scopes.collect::<Result<_, StoreError>>()?,
            secret_sha256,
            created_at: Micros(created_at),
        })
    };
    found.map(token).transpose()
}

pub(super) fn revoke(tx: &Transaction<'_>, organisation: &Slug, id: TokenId) -> Result<bool, StoreError> {
    let key = [organisation.as_str(), &id.to_string()];
    Ok(run(tx, sql::REVOKE_TOKEN, key, "revoke a token")? == 1)
}

//! Accounts and families as rows.

use domain::ids::FamilyId;
use domain::refresh::{Family, Rotation};
use domain::time::Micros;
use rusqlite::{Row, Transaction, params};
use stores::{Account, StoreError};

use super::sql;
use crate::error::corrupt;
use crate::rows::{one, parse, run, value};

/// The account that a statement finds.
pub(super) fn account(tx: &Transaction<'_>, statement: &str, key: &str) -> Result<Option<Account>, StoreError> {
    let read = |row: &Row<'_>| {
        let (id, email): (String, String) = (row.get(0)?, row.get(1)?);
        Ok((id, email, row.get(2)?, row.get(3)?, row.get(4)?))
    };
    let found = one(tx, statement, [key], read, "look an account up")?;
    let account = |(id, email, password_hash, profile, created_at): (String, String, _, _, _)| {
        let (id, email) = (parse("an account", &id)?, parse("an account", &email)?);
        Ok(Account { id, email, password_hash, profile, created_at: Micros(created_at) })
    };
    found.map(account).transpose()
}

pub(super) fn begin(tx: &Transaction<'_>, family: &Family) -> Result<bool, StoreError> {
    let account = family.user.to_string();
    if value::<String>(tx, sql::HAS_ACCOUNT, [&account], "look an account up")?.is_none() {
        return Ok(false);
    }
    let rotation = Columns::of(family.rotation);
    let values = params![
        family.id.to_string(),
        account,
        family.generation,
        family.secret_sha256,
        rotation.secret_sha256,
        rotation.nonce_sha256,
        rotation.at,
        family.began_at.0,
        family.expires_at.0,
    ];
    run(tx, sql::BEGIN_FAMILY, values, "begin a login")?;
    Ok(true)
}

pub(super) fn family(tx: &Transaction<'_>, id: FamilyId, now: Micros) -> Result<Option<Family>, StoreError> {
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row_of(row)?));
    let found = one(tx, sql::FAMILY, params![id.to_string(), now.0], read, "look a login up")?;
    let family = |(user, row): (String, FamilyRow)| {
        Ok(Family {
            id,
            user: parse("a login", &user)?,
            generation: row.generation,
            secret_sha256: row.secret_sha256,
            rotation: row.rotation.rotation()?,
            began_at: Micros(row.began_at),
            expires_at: Micros(row.expires_at),
        })
    };
    found.map(family).transpose()
}

pub(super) fn rotate(tx: &Transaction<'_>, generation: u32, next: &Family, now: Micros) -> Result<bool, StoreError> {
    let rotation = Columns::of(next.rotation);
    let values = params![
        next.id.to_string(),
        generation,
        now.0,
        next.generation,
        next.secret_sha256,
        rotation.secret_sha256,
        rotation.nonce_sha256,
        rotation.at,
    ];
    Ok(run(tx, sql::ROTATE, values, "rotate a login")? == 1)
}

struct FamilyRow {
    generation: u32,
    secret_sha256: [u8; 32],
    rotation: Columns,
    began_at: i64,
    expires_at: i64,
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<FamilyRow> {
    let rotation = Columns { secret_sha256: row.get(3)?, nonce_sha256: row.get(4)?, at: row.get(5)? };
    Ok(FamilyRow {
        generation: row.get(1)?,
        secret_sha256: row.get(2)?,
        rotation,
        began_at: row.get(6)?,
        expires_at: row.get(7)?,
    })
}

/// A rotation as columns.
#[derive(Default)]
struct Columns {
    secret_sha256: Option<[u8; 32]>,
    nonce_sha256: Option<[u8; 32]>,
    at: Option<i64>,
}

impl Columns {
    fn of(rotation: Option<Rotation>) -> Self {
        let columns = |rotation: Rotation| Self {
            secret_sha256: Some(rotation.secret_sha256),
            nonce_sha256: rotation.nonce_sha256,
            at: Some(rotation.at.0),
        };
        rotation.map_or_else(Self::default, columns)
    }

    fn rotation(self) -> Result<Option<Rotation>, StoreError> {
        match (self.secret_sha256, self.at) {
            (Some(secret_sha256), Some(at)) => {
                Ok(Some(Rotation { secret_sha256, nonce_sha256: self.nonce_sha256, at: Micros(at) }))
            }
            (None, None) => Ok(None),
            _ => Err(corrupt("a login", "half of its rotation is missing")),
        }
    }
}

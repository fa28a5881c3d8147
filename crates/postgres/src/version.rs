//! The version of a schema, and whether a program can work with it.

use sqlx::postgres::PgRow;
use sqlx::query;

use crate::error::PostgresError;
use crate::rows::{corrupt, get};
use crate::schema::Schema;
use crate::transaction::Transaction;

const WHAT: &str = "the record of migrations";

/// One applied migration, as the database knows it.
pub(crate) struct Applied {
    pub(crate) version: u32,
    checksum: Vec<u8>,
    needs: u32,
}

/// Every applied migration, oldest first.
pub(crate) const APPLIED: &str = "SELECT version, checksum, needs FROM schema_versions ORDER BY version";

impl Applied {
    pub(crate) fn read(row: &PgRow) -> Result<Self, PostgresError> {
        let number = |column: &str| {
            let number: i32 = get(WHAT, row, column)?;
            u32::try_from(number).map_err(|error| corrupt(WHAT, error))
        };
        Ok(Self { version: number("version")?, checksum: get(WHAT, row, "checksum")?, needs: number("needs")? })
    }
}

/// Whether this program can work with the schema as it is; nothing is changed.
///
/// # Errors
/// `TooNew` where a migration took away what this program uses, `Backend` where one is still to be applied, `Corrupt` where
/// one was applied that is not this program's.
pub async fn usable(transaction: &mut Transaction<'_>, schema: &Schema) -> Result<u32, PostgresError> {
    let rows = transaction.many("read the schema's version", query(APPLIED)).await.map_err(|error| match error {
        // Without a schema, or without a right to it, the table is not found.
        PostgresError::Backend { doing, source } => {
            PostgresError::Backend { doing, source: format!("is the database migrated? {source}").into() }
        }
        error => error,
    })?;
    let applied = rows.iter().map(Applied::read).collect::<Result<Vec<_>, _>>()?;
    let found = judge(schema, &applied)?;
    if found < schema.known() {
        let (name, known) = (schema.name, schema.known());
        let source = format!("the schema {name} has version {found}, this program needs {known}: migrate it").into();
        return Err(PostgresError::Backend { doing: "open the database", source });
    }
    Ok(found)
}

/// The version of a schema with these migrations; an error where this program cannot work with it, now or once migrated.
pub(crate) fn judge(schema: &Schema, applied: &[Applied]) -> Result<u32, PostgresError> {
    let is_gapless = applied.iter().zip(1..).all(|(applied, number)| applied.version == number);
    if !is_gapless {
        return Err(corrupt(WHAT, "a version is missing"));
    }
    let (found, known) = (applied.len() as u32, schema.known());
    let changed = schema.migrations.iter().zip(applied).find(|(ours, theirs)| ours.checksum()[..] != theirs.checksum);
    if let Some((_, theirs)) = changed {
        return Err(corrupt(WHAT, format!("migration {} is not the one that was applied", theirs.version)));
    }
    if applied.iter().any(|applied| applied.needs > known) {
        return Err(PostgresError::TooNew { schema: schema.name, found, known });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Migration;

    const SCHEMA: Schema = Schema {
        name: "s",
        migrations: &[Migration { sql: "one", needs: 1 }, Migration { sql: "two", needs: 1 }],
        tables: &[],
    };

    fn applied(sql: &[(&'static str, u32)]) -> Vec<Applied> {
        let applied = |((sql, needs), version): (&(&'static str, u32), u32)| {
            let checksum = Migration { sql, needs: *needs }.checksum().to_vec();
            Applied { version, checksum, needs: *needs }
        };
        sql.iter().zip(1..).map(applied).collect()
    }

    /// Expanded for the next program, this one goes on; contracted, it does not.
    #[test]
    fn a_program_works_until_its_version_is_contracted() {
        let check = |sql: &[(&'static str, u32)], expected: Result<u32, &str>| {
            let found = judge(&SCHEMA, &applied(sql)).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned));
        };
        check(&[], Ok(0));
        check(&[("one", 1)], Ok(1));
        check(&[("one", 1), ("two", 1)], Ok(2));
        check(&[("one", 1), ("two", 1), ("three", 2)], Ok(3));
        let too_new = "the schema s has version 3, this program reads versions up to 2";
        check(&[("one", 1), ("two", 1), ("three", 3)], Err(too_new));
        let changed = Err("the record of migrations cannot be read");
        check(&[("one", 1), ("other", 1)], changed);
    }

    #[test]
    fn a_gap_is_refused() {
        let second = applied(&[("one", 1), ("two", 1)]).pop().unwrap();
        assert!(matches!(judge(&SCHEMA, &[second]), Err(PostgresError::Corrupt { .. })));
    }
}

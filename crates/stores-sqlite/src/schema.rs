//! The tables, and how a file of an older version gets them.

use rusqlite::{Connection, TransactionBehavior};
use stores::StoreError;

use crate::error::failed;

/// Each brings a file from one version to the next; the version of a file is how many it has had.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
];

/// Brings the file to this program's version; a newer one is refused and left as it is.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    if version(connection)? == MIGRATIONS.len() {
        return Ok(());
    }
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = begun.map_err(failed("begin a migration"))?;
    // Another process may have done it meanwhile.
    for (migration, number) in MIGRATIONS.iter().zip(1..).skip(version(&transaction)?) {
        transaction.execute_batch(migration).map_err(failed("migrate"))?;
        transaction.pragma_update(None, "user_version", number).map_err(failed("migrate"))?;
    }
    transaction.commit().map_err(failed("commit a migration"))
}

/// The file's version; an error where this program does not know it.
pub(crate) fn version(connection: &Connection) -> Result<usize, StoreError> {
    let read = connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    let (found, known) = (read.map_err(failed("read the version of the file"))?, MIGRATIONS.len() as u32);
    if found > known {
        return Err(StoreError::TooNew { what: "the database".to_owned(), found, known });
    }
    Ok(found as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of the first version keeps its organisations and exports.
    #[test]
    fn a_file_of_an_older_version_is_brought_up() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection.execute("INSERT INTO organisations (slug, created_at) VALUES ('acme', 7)", []).unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), MIGRATIONS.len());
        let put = "INSERT INTO organisation_tokens SELECT 't', slug, '', zeroblob(32), created_at FROM organisations";
        assert_eq!(connection.execute(put, []).unwrap(), 1);
    }
}

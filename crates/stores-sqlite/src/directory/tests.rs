//! The suite over one file, and what the database itself refuses.

use std::sync::Arc;

use domain::clock::Clock;
use rusqlite::Connection;

use super::*;
use crate::testing::{fresh, goes_by_indexes, open};

stores::directory_contract!(open);
stores::people_contract!(async |clock: Arc<dyn Clock>| {
    let (folder, stores) = open(clock).await;
    let stores = Arc::new(stores);
    let (directory, accounts): (Arc<dyn Directory>, Arc<dyn stores::Accounts>) = (stores.clone(), stores);
    (folder, directory, accounts)
});

#[tokio::test]
async fn every_statement_goes_by_an_index() {
    goes_by_indexes(sql::ALL).await;
}

/// Even a program with a mistake in it leaves no member without a user or organisation.
#[tokio::test]
async fn the_database_refuses_what_refers_to_nothing() {
    let (folder, _stores) = fresh().await;
    let connection = Connection::open(folder.path().join("outhaul.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", "ON").unwrap();
    connection
        .execute_batch(
            "INSERT INTO organisations (slug, created_at) VALUES ('a', 0);
             INSERT INTO users (key, id, state, created_at) VALUES (1, 'x', 'active', 0)",
        )
        .unwrap();
    for refused in [
        "INSERT INTO members (organisation, user, role, since) VALUES ('b', 1, 'admin', 0)",
        "INSERT INTO members (organisation, user, role, since) VALUES ('a', 2, 'admin', 0)",
        "INSERT INTO members (organisation, user, role, since) VALUES ('a', 1, 'owner', 0)",
        "INSERT INTO organisation_tokens VALUES ('t', 'b', '', zeroblob(32), 0)",
        "INSERT INTO organisation_tokens VALUES ('t', 'a', '', zeroblob(31), 0)",
        "INSERT INTO users (id, state, created_at) VALUES ('x', 'active', 0)",
        "INSERT INTO users (id, state, creation_key, created_at) VALUES ('y', 'active', zeroblob(32), 0)",
    ] {
        assert!(connection.execute(refused, []).is_err(), "{refused}");
    }
}

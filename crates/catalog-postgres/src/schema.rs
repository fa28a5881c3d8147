//! The tables, and what the service may do with them.

use postgres::{Guard, Migration, Schema, Table};

/// Everything that this crate has in a database.
pub(crate) const SCHEMA: Schema = Schema {
    name: "outhaul_catalog",
    migrations: &[Migration { sql: include_str!("schema/0001.sql"), needs: 1 }],
    tables: &[
        Table {
            name: "iceberg_tables",
            grants: "SELECT, INSERT, UPDATE (metadata_location, previous_metadata_location)",
            rows: Guard::Open { reason: "one row, which says where the table's metadata lies; other engines read it" },
        },
        Table {
            name: "iceberg_namespace_properties",
            grants: "SELECT, INSERT",
            rows: Guard::Open { reason: "one row, which says that the namespace exists; other engines read it" },
        },
        Table {
            name: "commits",
            grants: "SELECT, INSERT",
            rows: Guard::Open { reason: "which attempt of which commit won; whose rows it brought is not said" },
        },
        Table { name: "batches", grants: "SELECT, INSERT", rows: Guard::Forced },
        Table { name: "pins", grants: "SELECT, INSERT, DELETE", rows: Guard::Forced },
    ],
};

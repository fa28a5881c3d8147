//! The tables, and what the service may do with them.

use postgres::{Guard, Migration, Schema, Table};

/// Everything that this crate has in a database.
pub(crate) const SCHEMA: Schema = Schema {
    name: "outhaul",
    migrations: &[Migration { sql: include_str!("schema/0001.sql"), needs: 1 }],
    tables: &[
        Table { name: "organisations", grants: "SELECT, INSERT", rows: Guard::Forced },
        // A tombstone stays for ever.
        Table { name: "users", grants: "SELECT, INSERT, UPDATE (state, creation_key)", rows: Guard::Forced },
        Table { name: "members", grants: "SELECT, INSERT, DELETE, UPDATE (role)", rows: Guard::Forced },
        Table { name: "organisation_tokens", grants: "SELECT, INSERT, DELETE", rows: Guard::Forced },
        Table {
            name: "memberships",
            grants: "SELECT, INSERT, UPDATE (name, recurring_price_hundredths, currency, valid_from, valid_until, \
                     state, payment_method, billing_interval, billing_periods)",
            rows: Guard::Forced,
        },
    ],
};

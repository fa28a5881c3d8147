//! `deploy/contract/tables.json`, which the templates are compared with, says what the adapter's tables are.

use serde_json::{Value, json};
use stores_dynamodb::tables::{ALL, Index, KEYS, TTL, Table};

fn index(index: &Index) -> Value {
    json!({
        "name": index.name,
        "is_local": index.is_local,
        "first": index.first,
        "second": index.second,
        "holds": index.holds,
    })
}

fn table(table: &Table) -> Value {
    json!({
        "name": table.name,
        "indexes": table.indexes.iter().map(index).collect::<Vec<_>>(),
        "has_ttl": table.has_ttl,
    })
}

#[test]
fn templates_are_compared_with_the_tables_of_the_adapter() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/contract/tables.json");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let tables = json!({ "keys": KEYS, "ttl": TTL, "tables": ALL.iter().map(table).collect::<Vec<_>>() });
    assert_eq!(written, tables, "{path} is not what crates/stores-dynamodb/src/tables.rs says");
}

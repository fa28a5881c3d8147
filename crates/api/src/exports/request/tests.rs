//! Requests are read field by field, and read back as they are written.

use domain::limits::Limits;
use serde_json::{Value, json};

use super::*;

fn acme() -> Owner {
    "org.acme".parse().unwrap()
}

fn user() -> Owner {
    "user.01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap()
}

fn shape() -> Shape {
    Shape::of(&Limits::default(), false)
}

/// The fields that are at fault, in order.
fn check(owner: &Owner, body: &Value, expected: &[&str]) {
    let faults = parse(owner, body, shape()).err().unwrap_or_default();
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, expected, "{body}");
}

#[test]
fn faults_are_told_by_field_all_at_once() {
    let with = |field: &str, value: Value| {
        let mut body = json!({"dataset": "messages", "from": "2024-01-01", "to": "2024-01-31"});
        body[field] = value;
        body
    };
    check(&acme(), &with("format", json!("zip")), &[]);
    check(&acme(), &with("time_zone", Value::Null), &[]);
    check(&acme(), &json!([]), &["body"]);
    check(&acme(), &json!({}), &["dataset", "from", "to"]);
    check(&acme(), &json!({"from": 1, "to": true}), &["dataset", "from", "to"]);
    check(&acme(), &with("dataset", json!("memberships")), &["dataset"]);
    check(&acme(), &with("from", json!("2024-02-30")), &["from"]);
    check(&acme(), &with("from", json!("2024-02-01")), &["to"]);
    check(&acme(), &with("to", json!("0000-01-01")), &["to"]);
    check(&acme(), &with("time_zone", json!("Mars/Olympus")), &["time_zone"]);
    check(&acme(), &with("time_zone", json!(["UTC"])), &["time_zone"]);
    check(&acme(), &with("format", json!("tar")), &["format"]);
    check(&acme(), &with("profile", json!(4180)), &["profile"]);
    check(&acme(), &with("columns", json!(["text", "text"])), &["columns"]);
    check(&acme(), &with("columns", json!([])), &["columns"]);
    check(&acme(), &with("columns", json!("text")), &["columns"]);
    check(&acme(), &with("filter", json!([])), &["filter"]);
    check(&acme(), &with("filter", json!({"channels": []})), &["filter.channels"]);
    check(&acme(), &with("filter", json!({"senders": [1], "text": "x"})), &["filter.senders", "filter.text"]);
    check(&acme(), &with("filter", json!({"senders": ["x".repeat(1025)]})), &["filter.senders"]);
    check(&acme(), &with("reuse", json!("no")), &["reuse"]);
    check(&acme(), &with("form", json!("zip")), &["form"]);
    check(&acme(), &with("filter.channels", json!(["a"])), &["filter.channels"]);
    check(&user(), &json!({"dataset": "memberships"}), &[]);
    check(&user(), &json!({"dataset": "messages"}), &["dataset"]);
    check(&user(), &json!({"dataset": "memberships", "from": "2024-01-01", "filter": {}}), &["from", "filter"]);
}

#[test]
fn what_is_written_is_read_back() {
    for (owner, body) in [
        (acme(), json!({"dataset": "messages", "from": "2024-01-01", "to": "2024-01-31"})),
        (
            acme(),
            json!({
                "dataset": "messages", "from": "2024-01-01", "to": "2024-01-01", "time_zone": "europe/berlin",
                "format": "csv.gz", "profile": "spreadsheet", "columns": ["text", "message_id"],
                "filter": {"channels": ["b", "a"]}, "reuse": false,
            }),
        ),
        (user(), json!({"dataset": "memberships", "format": "zip"})),
    ] {
        let request = parse(&owner, &body, shape()).unwrap();
        let written = serde_json::to_value(ExportRequest::from(&request)).unwrap();
        assert_eq!(parse(&owner, &written, shape()).as_ref(), Ok(&request), "{written}");
    }
}

#[test]
fn what_is_not_given_has_a_default() {
    let body = json!({"dataset": "messages", "from": "2024-01-01", "to": "2024-01-31"});
    let written = ExportRequest::from(&parse(&acme(), &body, shape()).unwrap());
    let written = serde_json::to_value(written).unwrap();
    assert_eq!(written["time_zone"], "UTC");
    assert_eq!(written["format"], "zip");
    assert_eq!(written["profile"], "rfc4180");
    assert_eq!(written["columns"].as_array().unwrap().len(), 9);
    assert_eq!(written["reuse"], true);
    assert!(written.get("filter").is_none());
    let memberships = parse(&user(), &json!({"dataset": "memberships"}), shape()).unwrap();
    assert_eq!(memberships.format, Format::Csv);
}

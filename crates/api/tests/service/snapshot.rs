//! The OpenAPI document as it is committed; `UPDATE_SNAPSHOTS=1` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

#[test]
fn the_document_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let text = api::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "openapi.json differs from the routes: run the tests with UPDATE_SNAPSHOTS=1, read the diff"
    );
}

#[test]
fn every_operation_is_described_whole() {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no id"));
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(operation["security"].is_array(), "{name} does not say who may call it");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            check_answers(&name, &operation["responses"]);
        }
    }
}

fn check_answers(name: &str, answers: &Value) {
    for (status, answer) in answers.as_object().unwrap() {
        assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{name} {status}");
        assert!(answer["headers"]["x-request-id"].is_object(), "{name} {status}");
        if status.as_str() >= "400" {
            let schema = &answer["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/ProblemDocument", "{name} {status}");
        }
    }
}

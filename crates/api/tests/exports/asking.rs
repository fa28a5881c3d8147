//! Asking for exports and estimates: what is taken on, what is refused and how.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::{EXPORTS, World, acme, january};

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_taken_on_at_once() {
    let world = World::limited(|_| ()).await;
    world.some_messages().await;
    let answer = world.post(world.u1, EXPORTS, &january(json!({"time_zone": "Europe/Berlin"}))).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let view = answer.json();
    let path = format!("{EXPORTS}/{}", view["id"].as_str().unwrap());
    assert_eq!(answer.header(header::LOCATION), path);
    assert_eq!(world.get(world.u2, &path).await.json(), view);
    assert_eq!((&view["state"], &view["request"]["time_zone"]), (&json!("running"), &json!("Europe/Berlin")));
    assert_eq!(view["waits_for"], json!({"reason": "workers"}));
    let stored = world.stored(&path).await;
    let requester = stored.requested_by.expect("a requester");
    assert_eq!((requester.user, requester.email.as_str()), (world.u1, "u1@example.org"));
    assert_eq!(world.remembered(&acme()).await, ["export.created"]);

    let done = world.finish(&path).await;
    assert_eq!(done["state"], "succeeded");
    assert_eq!(done["progress"]["segments"], done["progress"]["segments_done"]);
    assert_eq!(done["files"][0]["name"], "acme-messages-2024-01-01-2024-01-31.zip");
    assert!(done["expires_at"].as_str() > done["finished_at"].as_str());
    world.over().await;
}

#[tokio::test]
async fn a_key_is_one_request() {
    let world = World::standing().await;
    let ask =
        async |user, body: Value, key: &str| world.post_with(user, EXPORTS, &body, &[("idempotency-key", key)]).await;
    let first = ask(world.u1, january(json!({})), "k").await;
    let id = first.json()["id"].clone();
    // The same request, spelled out.
    let again = ask(world.u1, january(json!({"format": "zip", "time_zone": "utc", "filter": null})), "k").await;
    assert_eq!((again.status, again.json()["id"].clone()), (StatusCode::ACCEPTED, id.clone()));
    assert_eq!(ask(world.u1, january(json!({"format": "csv"})), "k").await.problem(409), "idempotency_conflict");
    assert_ne!(ask(world.u2, january(json!({})), "k").await.json()["id"], id);
    assert_ne!(ask(world.u1, january(json!({})), "other").await.json()["id"], id);
    assert_eq!(ask(world.u1, january(json!({})), &"x".repeat(256)).await.fields(), ["Idempotency-Key"]);
    assert_eq!(world.remembered(&acme()).await, ["export.created"; 3]);
    world.over().await;
}

#[tokio::test]
async fn faults_name_their_fields() {
    let world = World::standing().await;
    for path in [EXPORTS.to_owned(), format!("{EXPORTS}/estimate")] {
        let post = async |more: Value| world.post(world.u1, &path, &january(more)).await;
        assert_eq!(post(json!({"from": "2023-02-29"})).await.fields(), ["from"]);
        assert_eq!(post(json!({"to": "2023-12-31"})).await.fields(), ["to"]);
        assert_eq!(post(json!({"time_zone": "Nowhere"})).await.fields(), ["time_zone"]);
        assert_eq!(post(json!({"dataset": "memberships"})).await.fields(), ["dataset"]);
        assert_eq!(post(json!({"colums": []})).await.fields(), ["colums"]);
        assert_eq!(world.post(world.u1, &path, &json!([])).await.fields(), ["body"]);
    }
    let me = world.post(world.u1, "/v1/me/exports", &january(json!({}))).await;
    assert_eq!(me.fields(), ["dataset", "from", "to"]);
    assert!(world.system.jobs.events().is_empty());
    world.over().await;
}

#[tokio::test]
async fn the_day_is_limited() {
    let world = World::with(testkit::Settings {
        clock_stands: true,
        ..testkit::Settings::default().limits(|limits| limits.exports_per_organisation_per_day = 1)
    })
    .await;
    world.ask(json!({})).await;
    let answer = world.post(world.u2, EXPORTS, &january(json!({}))).await;
    assert_eq!(answer.problem(429), "too_many_exports");
    assert_eq!(answer.json()["limit"], "exports_per_organisation_per_day");
    // The clock stands at the beginning of a day.
    assert_eq!(answer.header(header::RETRY_AFTER), "86400");
    world.system.clock.advance(std::time::Duration::from_secs(86_400));
    world.ask(json!({})).await;
    world.over().await;
}

#[tokio::test]
async fn an_estimate_counts_rows_and_knows_a_shorter_range() {
    let world = World::standing().await;
    world.some_messages().await;
    let estimate = async |more: Value| {
        let answer = world.post(world.u2, &format!("{EXPORTS}/estimate"), &january(more)).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.json()
    };
    let whole = estimate(json!({})).await;
    assert_eq!(whole["rows"], 300);
    assert!(whole["bytes"].as_u64() > whole["compressed_bytes"].as_u64() && whole.get("price").is_none());
    let half = estimate(json!({"to": "2024-01-05"})).await;
    assert!((100..200).contains(&half["rows"].as_u64().unwrap()), "{half}");
    assert_eq!(estimate(json!({"from": "2020-01-01", "to": "2020-12-31"})).await["bytes"], 0);

    world.over().await;

    let limit = whole["bytes"].as_u64().unwrap() - 1;
    let world = World::limited(|limits| limits.export_bytes_limit = limit).await;
    world.some_messages().await;
    let answer = world.post(world.u1, EXPORTS, &january(json!({"format": "csv"}))).await;
    assert_eq!(answer.problem(422), "export_too_large");
    assert_eq!(answer.json()["limit"], "export_bytes_limit");
    let shorter = answer.json()["would_pass"]["request"].clone();
    assert_eq!((&shorter["to"], &shorter["format"]), (&json!("2024-01-09"), &json!("csv")));
    assert_eq!(world.post(world.u1, EXPORTS, &shorter).await.status, StatusCode::ACCEPTED);
    world.over().await;
}

/// The table grew over the limit between a request and its repeat: the key still stands for what it stood for.
#[tokio::test]
async fn a_repeat_finds_its_export_whatever_the_table_grew_to() {
    let world = World::limited(|limits| limits.export_bytes_limit = 1).await;
    let ask = async |body: Value, key: &[(&str, &str)]| world.post_with(world.u1, EXPORTS, &body, key).await;
    let key = [("idempotency-key", "k")];
    let first = ask(january(json!({})), &key).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    world.some_messages().await;
    let again = ask(january(json!({})), &key).await;
    assert_eq!((again.status, &again.json()["id"]), (StatusCode::ACCEPTED, &first.json()["id"]));
    assert_eq!(ask(january(json!({"format": "csv"})), &key).await.problem(409), "idempotency_conflict");
    let other = [("idempotency-key", "other")];
    for headers in [&other[..], &[]] {
        assert_eq!(ask(january(json!({})), headers).await.problem(422), "export_too_large");
    }
    // Nothing was made of the refused ones.
    assert_eq!(world.get(world.u1, EXPORTS).await.json()["items"].as_array().unwrap().len(), 1);
    world.over().await;
}

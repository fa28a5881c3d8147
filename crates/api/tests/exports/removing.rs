//! Cancelling, deleting, and asking again for what failed.

use std::fs;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{EXPORTS, World, acme};

#[tokio::test]
async fn a_removal_can_be_repeated() {
    let world = World::standing().await;
    let path = world.ask(json!({})).await;
    // An export belongs to its organisation: every member may fetch it, and every member may remove it.
    assert_eq!(world.get(world.u1, &path).await.json()["state"], "running");
    for _ in 0..2 {
        assert_eq!(world.delete(world.u2, &path).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(world.get(world.u1, &path).await.json()["state"], "cancelled");
    let unknown = format!("{EXPORTS}/01890a5d-ac96-774b-bcce-b302099a8057");
    assert_eq!(world.delete(world.u1, &unknown).await.problem(404), "not_found");
    let mut remembered = world.remembered(&acme()).await;
    remembered.sort_unstable();
    assert_eq!(remembered, ["export.created", "export.removed", "export.removed"]);
    assert_eq!(world.post(world.u1, &format!("{path}/retry"), &json!({})).await.problem(409), "not_retryable");
    world.over().await;
}

/// The first data file of the lake.
fn data_file(folder: &Path) -> PathBuf {
    let mut folders = vec![folder.join("lake/messages/data")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let found = if path.is_dir() { &mut folders } else { &mut files };
            found.push(path);
        }
    }
    files.retain(|path| path.extension().is_some_and(|ending| ending == "parquet"));
    files.into_iter().min().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_days_are_told_and_built_again() {
    let world = World::limited(|_| ()).await;
    world.some_messages().await;
    let file = data_file(&world.system.folder());
    let good = fs::read(&file).unwrap();
    fs::write(&file, &good[..good.len() - 1]).unwrap();
    let path = world.ask(json!({})).await;
    let failed = world.finish(&path).await;
    assert_eq!(failed["state"], "failed");
    let days = failed["failure"]["days"].as_array().unwrap();
    assert_eq!(days.len(), 1, "{failed}");
    assert!(file.to_string_lossy().contains(days[0].as_str().unwrap()), "{failed}");
    assert_eq!(world.post(world.u1, &format!("{path}/links"), &json!({})).await.problem(409), "not_ready");
    // What was built can be fetched.
    let parts = world.get(world.u1, &format!("{path}/parts")).await.json();
    let ready = parts["items"].as_array().unwrap().iter().filter(|part| part["ready"] == true).count();
    assert_eq!(json!(ready), failed["progress"]["segments_done"]);
    assert!(failed["progress"]["segments"].as_u64() > Some(ready as u64));

    fs::write(&file, &good).unwrap();
    let again = world.post(world.u2, &format!("{path}/retry"), &json!({})).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{again:?}");
    assert_ne!(again.json()["state"], "failed");
    let done = world.finish(&path).await;
    assert_eq!((&done["state"], done.get("failure")), (&json!("succeeded"), None));
    assert_eq!(world.post(world.u1, &format!("{path}/retry"), &json!({})).await.problem(409), "not_retryable");
    assert_eq!(world.remembered(&acme()).await, ["export.created", "export.retried"]);
    world.over().await;
}

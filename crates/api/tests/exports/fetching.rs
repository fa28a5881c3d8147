//! Links and downloads: whole files, ranges, conditions, who may fetch, and streams that are cut.

use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::people::UserState;
use futures::StreamExt as _;
use serde_json::json;
use stores::Directory as _;

use crate::support::{EXPORTS, World, acme, drain, following, january};

/// A world with a finished export, its path and the bytes of its only file.
async fn finished(format: &str) -> (World, String, Vec<u8>) {
    let world = World::limited(|_| ()).await;
    world.some_messages().await;
    let path = world.ask(json!({"format": format})).await;
    assert_eq!(world.finish(&path).await["state"], "succeeded");
    let export = world.stored(&path).await;
    let files = world.system.archive_of_success(&export).await;
    let file = files.into_iter().find(|(name, _)| !name.ends_with(".json")).unwrap().1;
    (world, path, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_the_file() {
    for (format, kind) in
        [("zip", "application/zip"), ("csv", "text/csv; charset=utf-8; header=present"), ("csv.gz", "application/gzip")]
    {
        let (world, path, file) = finished(format).await;
        let answer = world.post(world.u2, &format!("{path}/links"), &json!({})).await.json();
        assert!(answer["expires_at"].as_str().unwrap().ends_with('Z'));
        let link = world.link(world.u2, &path, json!({})).await;
        let fetched = world.follow(&link, &[]).await;
        assert_eq!((fetched.status, &fetched.body[..]), (StatusCode::OK, &file[..]));
        let length = file.len().to_string();
        let name = format!("attachment; filename=\"acme-messages-2024-01-01-2024-01-31.{format}\"");
        for (header, value) in [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_DISPOSITION, name.as_str()),
            (header::CONTENT_LENGTH, length.as_str()),
            (header::ACCEPT_RANGES, "bytes"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            assert_eq!(fetched.header(header), value);
        }
        let head = world.answer(following("HEAD", &link, &[("range", "bytes=0-1")])).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.header(header::CONTENT_LENGTH), file.len().to_string());
        assert_eq!(head.header(header::ETAG), fetched.header(header::ETAG));
        assert_eq!(world.remembered(&acme()).await, ["export.created", "link.created", "link.created"]);
        world.over().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_keeps_its_length() {
    let (world, path, file) = finished("csv").await;
    let link = world.link(world.u1, &path, json!({})).await;
    let etag = world.follow(&link, &[]).await.header(header::ETAG).to_owned();
    for method in ["GET", "HEAD"] {
        let known = world.answer(following(method, &link, &[("if-none-match", &etag)])).await;
        assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0), "{method}");
        assert_eq!(known.header(header::CONTENT_LENGTH), file.len().to_string(), "{method}");
        let failed = world.answer(following(method, &link, &[("if-match", "\"another\"")])).await;
        assert_eq!(failed.status, StatusCode::PRECONDITION_FAILED);
        assert_ne!(failed.headers.get(header::CONTENT_LENGTH).map(|length| length.as_bytes()), Some(&b"0"[..]));
    }
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_and_conditions() {
    let (world, path, file) = finished("zip").await;
    let link = world.link(world.u1, &path, json!({"file": "acme-messages-2024-01-01-2024-01-31.zip"})).await;
    let etag = world.follow(&link, &[]).await.header(header::ETAG).to_owned();
    let range = async |range: &str| world.follow(&link, &[("range", range)]).await;

    let one = range("bytes=10-19").await;
    assert_eq!((one.status, &one.body[..]), (StatusCode::PARTIAL_CONTENT, &file[10..20]));
    assert_eq!(one.header(header::CONTENT_RANGE), format!("bytes 10-19/{}", file.len()));
    assert_eq!(&range("bytes=-7").await.body[..], &file[file.len() - 7..]);
    assert_eq!(range("bytes=5-4").await.status, StatusCode::OK);

    let several = range("bytes=0-3,-4").await;
    assert_eq!(several.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(several.header(header::CONTENT_LENGTH), several.body.len().to_string());
    let boundary = several.header(header::CONTENT_TYPE).strip_prefix("multipart/byteranges; boundary=").unwrap();
    let head = |from: usize, to: usize| {
        format!(
            "--{boundary}\r\nContent-Type: application/zip\r\nContent-Range: bytes {from}-{to}/{}\r\n\r\n",
            file.len()
        )
    };
    let (first, last) = (head(0, 3), head(file.len() - 4, file.len() - 1));
    let end = format!("\r\n--{boundary}--\r\n");
    let expected = [first.as_bytes(), &file[..4], b"\r\n", last.as_bytes(), &file[file.len() - 4..], end.as_bytes()];
    assert_eq!(several.body, expected.concat());

    for bad in [format!("bytes={}-", file.len()), "bytes=0-1,1-2".to_owned(), format!("bytes=0-0{}", ",2-2".repeat(16))]
    {
        let refused = range(&bad).await;
        assert_eq!(refused.problem(416), "range_not_satisfiable");
        assert_eq!(refused.header(header::CONTENT_RANGE), format!("bytes */{}", file.len()));
    }
    let with =
        async |name: &str, value: &str| world.follow(&link, &[("range", "bytes=0-0"), (name, value)]).await.status;
    assert_eq!(with("if-range", &etag).await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(with("if-range", "\"other\"").await, StatusCode::OK);
    assert_eq!(with("if-none-match", &etag).await, StatusCode::NOT_MODIFIED);
    assert_eq!(with("if-match", &etag).await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(with("if-match", "\"other\"").await, StatusCode::PRECONDITION_FAILED);
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_short_lived_and_cannot_be_made() {
    let (world, path, _) = finished("zip").await;
    let link = world.link(world.u1, &path, json!({})).await;
    for bad in [
        format!("{link}x"),
        link[..link.len() - 1].to_owned(),
        "/v1/downloads/x".to_owned(),
        "/v1/downloads/%ff".to_owned(),
    ] {
        assert_eq!(world.follow(&bad, &[]).await.problem(404), "not_found", "{bad}");
    }
    world.system.clock.advance(Duration::from_secs(59));
    let running = world.send(following("GET", &link, &[])).await;
    world.system.clock.advance(Duration::from_secs(2));
    assert!(drain(running.into_body()).await.1, "what was started goes on");
    assert_eq!(world.follow(&link, &[("range", "bytes=0-0")]).await.problem(410), "expired");

    let links = format!("{path}/links");
    for (body, field) in [
        (json!({"file": "other.zip"}), "file"),
        (json!({"file": "../../keys"}), "file"),
        (json!({"file": "a.zip", "part": 1}), "part"),
        (json!({"part": -1}), "part"),
        (json!({"days": 1}), "days"),
        (json!([null, null]), "body"),
    ] {
        assert_eq!(world.post(world.u1, &links, &body).await.fields(), [field], "{body}");
    }
    assert_eq!(world.post(world.u1, &links, &json!({"part": 4_000_000_000_u32})).await.problem(404), "not_found");
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_fetches_nothing_more() {
    let (world, path, file) = finished("csv").await;
    let (link, of_other) = (world.link(world.u2, &path, json!({})).await, world.link(world.u1, &path, json!({})).await);
    let mut running = world.send(following("GET", &link, &[])).await.into_body().into_data_stream();
    world.directory.remove_member(&"acme".parse().unwrap(), world.u2).await.unwrap();
    assert_eq!(world.follow(&link, &[("range", "bytes=0-0")]).await.problem(404), "not_found");
    assert_eq!(world.post(world.u2, &format!("{path}/links"), &json!({})).await.problem(404), "not_found");
    // Nothing of this small file was read so far.
    world.system.clock.advance(Duration::from_secs(4));
    assert!(running.next().await.unwrap().is_err());
    assert_eq!(world.follow(&of_other, &[]).await.body.len(), file.len());
    world.directory.set_user_state(world.u1, &[UserState::Active], UserState::Disabled).await.unwrap();
    assert_eq!(world.follow(&of_other, &[]).await.problem(404), "not_found");
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_or_expired_is_gone_at_once() {
    let (world, path, _) = finished("zip").await;
    let link = world.link(world.u1, &path, json!({})).await;
    let running = world.send(following("GET", &link, &[])).await;
    assert_eq!(world.delete(world.u2, &path).await.status, StatusCode::NO_CONTENT);
    world.system.clock.advance(Duration::from_secs(4));
    assert_eq!(drain(running.into_body()).await, (0, false));
    assert_eq!(world.follow(&link, &[]).await.problem(410), "expired");
    for (method, sub) in [("POST", "links"), ("GET", "manifest"), ("GET", "parts")] {
        let request = world.request(method, &format!("{path}/{sub}"), world.u1);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
        assert_eq!(world.answer(request).await.problem(410), "expired", "{sub}");
    }
    world.over().await;

    let (world, path, _) = finished("zip").await;
    world.system.clock.advance(Duration::from_secs(7 * 86_400));
    assert_eq!(world.post(world.u1, &format!("{path}/links"), &json!({})).await.problem(410), "expired");
    assert_eq!(world.get(world.u1, &format!("{path}/manifest")).await.problem(410), "expired");
    world.over().await;
}

#[tokio::test]
async fn nothing_is_ready_before_its_time() {
    let world = World::standing().await;
    let path = world.ask(json!({})).await;
    assert_eq!(world.post(world.u1, &format!("{path}/links"), &json!({})).await.problem(409), "not_ready");
    assert_eq!(world.post(world.u1, &format!("{path}/links"), &json!({"part": 0})).await.problem(409), "not_ready");
    assert_eq!(world.get(world.u1, &format!("{path}/manifest")).await.problem(409), "not_ready");
    assert_eq!(world.get(world.u1, &format!("{path}/parts")).await.problem(409), "not_ready");
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_is_that_of_the_file() {
    for format in ["zip", "csv"] {
        let (world, path, _) = finished(format).await;
        let export = world.stored(&path).await;
        let view = world.get(world.u2, &format!("{path}/manifest")).await.json();
        assert_eq!(view["manifest"]["rows"], export.rows);
        assert_eq!(view["manifest"]["format"], format);
        assert_eq!(view["snapshot"], export.plan.unwrap().snapshot.to_string());
        assert_eq!(view["export_id"], export.id.to_string());
        let shown = world.get(world.u1, &path).await.json();
        assert_eq!((&view["created_at"], &view["finished_at"]), (&shown["created_at"], &shown["finished_at"]));
        let named = format!("{path}/manifest?file={}", shown["files"][0]["name"].as_str().unwrap());
        assert_eq!(world.get(world.u1, &named).await.json(), view);
        assert_eq!(world.get(world.u1, &format!("{path}/manifest?file=x.zip")).await.fields(), ["file"]);
        assert_eq!(world.get(world.u1, &format!("{path}/manifest?name=x.zip")).await.fields(), ["query"]);
        world.over().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_are_fetched_by_name() {
    let world = World::limited(|limits| limits.volume_limit_bytes = 2_000).await;
    world.some_messages().await;
    let path = world.post(world.u1, EXPORTS, &january(json!({}))).await.header(header::LOCATION).to_owned();
    let done = world.finish(&path).await;
    let files = done["files"].as_array().unwrap();
    assert!(files.len() > 1);
    assert_eq!(world.post(world.u1, &format!("{path}/links"), &json!({})).await.fields(), ["file"]);
    assert_eq!(world.get(world.u1, &format!("{path}/manifest")).await.fields(), ["file"]);
    for (file, number) in files.iter().zip(1..) {
        let link = world.link(world.u1, &path, json!({"file": file["name"]})).await;
        assert_eq!(json!(world.follow(&link, &[]).await.body.len()), file["bytes"]);
        let manifest = format!("{path}/manifest?file={}", file["name"].as_str().unwrap());
        let manifest = world.get(world.u1, &manifest).await.json();
        assert_eq!(manifest["manifest"]["volume"], number);
    }
    world.over().await;
}

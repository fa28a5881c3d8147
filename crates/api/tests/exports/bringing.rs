//! Messages over HTTP: taken wholly, refused wholly, limited while they stream.

use std::collections::BTreeSet;
use std::io::{self, Write as _};

use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::ids::TokenId;
use domain::people::Scope;
use serde_json::{Value, json};
use stores::Directory as _;
use stores::directory::OrganisationToken;

use crate::support::{Answer, World, acme};

const MESSAGES: &str = "/v1/organisations/acme/messages";

fn line(number: u32) -> String {
    let second = number % 60;
    json!({"message_id": format!("m{number}"), "sent_at": format!("2024-01-01T00:00:{second:02}Z"), "text": "Hello"})
        .to_string()
        + "\n"
}

fn lines(count: u32) -> Vec<u8> {
    (0..count).map(line).collect::<String>().into_bytes()
}

async fn bring(world: &World, body: Body, headers: &[(&str, &str)]) -> Answer {
    let request = world.request("POST", MESSAGES, world.u1).header(header::CONTENT_TYPE, "application/x-ndjson");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    world.answer(request.body(body).unwrap()).await
}

async fn rows(world: &World) -> u64 {
    let stats = world.system.lake.stats().await.unwrap();
    stats.organisations.iter().map(|organisation| organisation.rows).sum()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_taken_once() {
    let world = World::limited(|_| ()).await;
    let bodies =
        [("identity", lines(10)), ("gzip", gzip(&lines(20))), ("zstd", zstd::encode_all(&lines(30)[..], 1).unwrap())];
    for (coding, body) in bodies {
        for known in [false, true] {
            let answer = bring(&world, Body::from(body.clone()), &[("content-encoding", coding)]).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let view = answer.json();
            assert_eq!(view["already_known"], known);
            assert!(view["snapshot"].as_str().unwrap().parse::<i64>().is_ok());
        }
    }
    assert_eq!(rows(&world).await, 60);
    let keyed = async |count| bring(&world, Body::from(lines(count)), &[("idempotency-key", "batch-1")]).await.json();
    let first = keyed(5).await;
    assert_eq!((&first["accepted"], &first["already_known"]), (&json!(5), &json!(false)));
    // Another body under the same key is not even read.
    let again = keyed(6).await;
    assert_eq!((&again["accepted"], &again["already_known"]), (&json!(5), &json!(true)));
    assert_eq!(again["snapshot"], first["snapshot"]);
    assert_eq!(rows(&world).await, 65);
    assert!(world.remembered(&acme()).await.iter().all(|action| *action == "messages.ingested"));
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_lines_are_told_and_nothing_is_taken() {
    let world = World::limited(|limits| limits.refused_listed = 3).await;
    let mut body = lines(5);
    for number in 0..10 {
        body.extend(format!("{{\"message_id\":\"\",\"n\":{number}}}\n").bytes());
    }
    let answer = bring(&world, Body::from(body), &[]).await;
    assert_eq!(answer.problem(422), "refused_messages");
    let document = answer.json();
    assert_eq!(document["refused_count"], 10);
    let errors = document["errors"].as_array().unwrap();
    assert_eq!(errors.iter().map(|error| error["line"].as_u64().unwrap()).collect::<Vec<_>>(), [6, 7, 8]);
    assert!(errors.iter().all(|error| error["field"].is_string() && error["reason"].is_string()));
    assert_eq!(rows(&world).await, 0);
    assert!(world.remembered(&acme()).await.is_empty());
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_are_limited_while_they_stream() {
    let world = World::limited(|limits| {
        limits.request_body_bytes = 1_000;
        limits.request_decompressed_bytes = 10_000;
    })
    .await;
    let stream = |bytes: Vec<u8>| {
        let chunks: Vec<Result<Vec<u8>, io::Error>> = bytes.chunks(100).map(|chunk| Ok(chunk.to_vec())).collect();
        Body::from_stream(futures::stream::iter(chunks))
    };
    let check = async |answer: Answer, limit: &str| {
        assert_eq!(answer.problem(413), "body_too_large");
        assert_eq!(answer.json()["limit"], limit);
    };
    check(bring(&world, stream(lines(100)), &[]).await, "request_body_bytes").await;
    check(bring(&world, Body::from("{}"), &[("content-length", "1001")]).await, "request_body_bytes").await;
    let bomb = gzip(&vec![b'\n'; 20_000]);
    assert!(bomb.len() < 1_000);
    check(bring(&world, stream(bomb), &[("content-encoding", "gzip")]).await, "request_decompressed_bytes").await;
    assert_eq!(rows(&world).await, 0);
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_commits_nothing() {
    let world = World::limited(|_| ()).await;
    let chunks = vec![Ok(lines(10)), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    let answer = bring(&world, Body::from_stream(futures::stream::iter(chunks)), &[]).await;
    assert_eq!(answer.problem(400), "malformed_body");
    // Whole lines, but of a compressed stream without its end.
    let compressed = gzip(&lines(100));
    let cut =
        bring(&world, Body::from(compressed[..compressed.len() - 4].to_vec()), &[("content-encoding", "gzip")]).await;
    assert_eq!(cut.fields(), ["body"]);
    let damaged = bring(&world, Body::from("no gzip"), &[("content-encoding", "gzip")]).await;
    assert_eq!(damaged.fields(), ["body"]);

    // A client that is gone: nobody waits for the answer any more.
    let chunks = futures::stream::iter([Ok::<_, io::Error>(lines(10))]);
    let endless = futures::StreamExt::chain(chunks, futures::stream::pending());
    let gone = bring(&world, Body::from_stream(endless), &[]);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(200), gone).await.is_err());
    world.system.lake.sweep().await.unwrap();
    assert_eq!(rows(&world).await, 0);
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_and_admins_bring_messages() {
    let world = World::limited(|_| ()).await;
    let token = async |scopes: &[Scope], organisation: &str, seed: u8| {
        let secret = [seed; 32];
        let token = OrganisationToken {
            id: TokenId(uuid::Uuid::from_bytes([seed; 16])),
            organisation: organisation.parse().unwrap(),
            scopes: scopes.iter().copied().collect::<BTreeSet<_>>(),
            secret_sha256: api::tokens::organisation::secret_sha256(&secret),
            created_at: domain::time::Micros(0),
        };
        assert!(world.directory.create_token(&token).await.unwrap());
        api::tokens::organisation::text(token.id, &secret)
    };
    let with = async |token: &str| {
        let request = axum::http::Request::builder().method("POST").uri(MESSAGES);
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", "application/x-ndjson").body(Body::from(lines(1))).unwrap();
        world.answer(request).await
    };
    assert_eq!(with(&token(&[Scope::MessagesWrite], "acme", 1).await).await.status, StatusCode::OK);
    assert_eq!(with(&token(&[], "acme", 2).await).await.problem(403), "forbidden");
    assert_eq!(with(&token(&[Scope::MessagesWrite], "other", 3).await).await.problem(404), "not_found");
    assert_eq!(with(&world.token(world.u1)).await.json()["already_known"], true);
    assert_eq!(with(&world.token(world.u2)).await.problem(403), "forbidden");
    assert_eq!(with(&world.token(world.u3)).await.problem(404), "not_found");
    assert_eq!(with("nonsense").await.problem(401), "unauthenticated");
    let wrong: Value = bring(&world, Body::from("[]"), &[]).await.json();
    assert_eq!(wrong["refused_count"], 1);
    world.over().await;
}

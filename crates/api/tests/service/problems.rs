//! Problem documents: for every fault one, whole, and with a page that explains it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use api::{Code, Options};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use domain::limits::Limits;

use crate::support::{World, request};

#[test]
fn each_code_has_a_page_and_each_page_a_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let pages = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let codes = Code::ALL.iter().map(|code| format!("{}.md", code.name()));
    assert_eq!(pages.collect::<BTreeSet<_>>(), codes.collect());
    for code in Code::ALL {
        let head = format!("# {}\n\n`{}`, status {}.\n", code.title(), code.name(), code.status().as_u16());
        assert!(code.page().starts_with(&head), "{}", code.name());
        assert_eq!(Code::of(code.name()), Some(*code));
    }
}

#[tokio::test]
async fn the_pages_are_served() {
    let world = World::new().await;
    let page = world.call(Method::GET, "/docs/errors/not_found", None).await;
    assert_eq!((page.status, page.body.as_ref()), (StatusCode::OK, Code::NotFound.page().as_bytes()));
    world.call(Method::GET, "/docs/errors/nothing", None).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let world = World::new().await;
    for path in ["/nothing", "/v1", "/v1/", "/v1/organisations/o1/members/x/y", "/v1/auth/login/"] {
        world.call(Method::GET, path, None).await.is_problem(404, "not_found");
    }
    let answer = world.call(Method::GET, "/v1/auth/login", None).await;
    answer.is_problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
    let head = world.call(Method::HEAD, "/v1/me", None).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::UNAUTHORIZED, 0));
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let world = World::new().await;
    let mut ids = BTreeSet::new();
    for path in ["/livez", "/nothing", "/v1/me", "/docs/", "/openapi.json"] {
        let answer = world.call(Method::GET, path, None).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.header("cache-control").is_some(), "{path}");
        ids.insert(answer.header("x-request-id").unwrap().parse::<uuid::Uuid>().unwrap());
    }
    assert_eq!(ids.len(), 5);
    let mut asked = request(Method::GET, "/livez", None, Body::empty());
    asked.headers_mut().insert("x-request-id", "chosen".parse().unwrap());
    assert_ne!(world.send(asked).await.header("x-request-id"), Some("chosen"));
}

fn login(kind: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = request(Method::POST, "/v1/auth/login", None, body.into());
    if let Some(kind) = kind {
        request.headers_mut().insert("content-type", kind.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    let world = World::new().await;
    let good = r#"{"email":"a@example.org","password":"wrong wrong"}"#;
    for kind in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
        world.send(login(Some(kind), good)).await.is_problem(401, "login_failed");
    }
    for kind in
        [None, Some("text/plain"), Some("application/json; charset=latin1"), Some("application/jsonp"), Some("")]
    {
        world.send(login(kind, good)).await.is_problem(415, "unsupported_media_type");
    }
    let mut coded = login(Some("application/json"), good);
    coded.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    world.send(coded).await.is_problem(415, "unsupported_media_type");
    for bad in [
        "",
        "{",
        r#"{"email":"a@example.org","password":"secret"} x"#,
        r#"{"email":"a@example.org","password":"secret","password":"secret"}"#,
        r#"{"email":"a@example.org","password":{"secret":1,"secret":2}}"#,
        "{\"email\":\"a@example.org\",\"password\":\"\\ud800\"}",
    ] {
        let answer = world.send(login(Some("application/json"), bad)).await;
        answer.is_problem(400, "malformed_body");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"), "{answer:?}");
    }
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    world.send(login(Some("application/json"), deep)).await.is_problem(400, "malformed_body");
}

#[tokio::test]
async fn bodies_have_a_limit_with_and_without_a_length() {
    let world = World::new().await;
    let text = format!(r#"{{"email":"{}"}}"#, "a".repeat(64 << 10));
    let mut sized = login(Some("application/json"), text.clone());
    sized.headers_mut().insert("content-length", text.len().into());
    let chunks =
        text.into_bytes().chunks(1_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let streamed = login(Some("application/json"), Body::from_stream(futures::stream::iter(chunks)));
    for request in [sized, streamed] {
        let answer = world.send(request).await;
        answer.is_problem(413, "body_too_large");
        assert_eq!(answer.json()["limit"], "json_body_bytes");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let limits = Limits { request_seconds: 1, ..Limits::default() };
    let world = World::with(Options { limits, ..Options::default() }).await;
    let body = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    world.send(login(Some("application/json"), body)).await.is_problem(408, "request_timeout");
}

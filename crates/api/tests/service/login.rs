//! Signing in: one comparison whoever asks, one answer, and not too often.

use api::Options;
use axum::http::StatusCode;
use domain::limits::Limits;
use serde_json::json;

use crate::support::{PASSWORD, World};

const EMAIL: &str = "u1@example.org";

#[tokio::test]
async fn whoever_signs_in_gets_tokens() {
    let world = World::new().await;
    let user = world.user(EMAIL).await;
    let o1 = world.organisation("o1").await;
    world.member(&o1, user, domain::people::Role::Member).await;
    let answer = world.login("127.0.0.1", None, "U1@Example.ORG", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK);
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(300)));
    assert_eq!(body["refresh_expires_in"], 2_592_000);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let me = world.get("/v1/me", &answer.session().access).await.json();
    let expected = json!({ "id": user.to_string(), "email": EMAIL, "profile": {},
        "organisations": [{ "slug": "o1", "role": "member" }] });
    assert_eq!(me, expected);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_cost_and_answer_alike() {
    let world = World::new().await;
    world.user(EMAIL).await;
    let mut answers = Vec::new();
    for (email, password) in
        [(EMAIL, "wrong wrong"), ("nobody@example.org", "wrong wrong"), ("nobody@example.org", PASSWORD)]
    {
        let before = world.app.hasher.compared();
        let answer = world.login("127.0.0.1", None, email, password).await;
        assert_eq!(world.app.hasher.compared(), before + 1, "{email}");
        answer.is_problem(401, "login_failed");
        answers.push(answer.alike());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn ten_attempts_at_one_account_whoever_has_it() {
    for email in [EMAIL, "nobody@example.org"] {
        let world = World::new().await;
        world.user(EMAIL).await;
        for attempt in 0..10 {
            let peer = format!("192.0.2.{attempt}");
            world.login(&peer, None, &email.to_uppercase(), "wrong wrong").await.is_problem(401, "login_failed");
        }
        let compared = world.app.hasher.compared();
        let answer = world.login("192.0.2.99", None, email, PASSWORD).await;
        answer.is_problem(429, "too_many_attempts");
        assert_eq!(answer.header("retry-after"), Some("90"));
        assert_eq!(answer.json()["limit"], "login_attempts_per_account");
        assert_eq!(world.app.hasher.compared(), compared, "a refused attempt costs nothing");
        world.wait(90);
        let status = world.login("192.0.2.99", None, email, PASSWORD).await.status;
        assert_eq!(status, if email == EMAIL { StatusCode::OK } else { StatusCode::UNAUTHORIZED });
    }
}

fn options(proxies: &[&str]) -> Options {
    let limits = Limits { login_attempts_per_address: 3, ..Limits::default() };
    Options {
        limits,
        trusted_proxies: proxies.iter().map(|text| text.parse().unwrap()).collect(),
        ..Options::default()
    }
}

/// Four attempts at different accounts: how the last is answered.
async fn fourth(proxies: &[&str], peers: [&str; 4], forwarded: [Option<&str>; 4]) -> u16 {
    let world = World::with(options(proxies)).await;
    let mut last = 0;
    for index in 0..4 {
        let email = format!("u{index}@example.org");
        last = world.login(peers[index], forwarded[index], &email, "wrong wrong").await.status.as_u16();
        assert!(index == 3 || last == 401, "attempt {index} was answered {last}");
    }
    last
}

#[tokio::test]
async fn so_many_attempts_from_one_address() {
    let none = [None; 4];
    assert_eq!(fourth(&[], ["192.0.2.1"; 4], none).await, 429);
    assert_eq!(fourth(&[], ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"], none).await, 401);
    assert_eq!(fourth(&[], ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"], none).await, 429);
}

#[tokio::test]
async fn a_spoofed_forwarded_for_changes_nothing() {
    let spoofed = [Some("198.51.100.1"), Some("198.51.100.2"), Some("198.51.100.3"), Some("198.51.100.4")];
    assert_eq!(fourth(&[], ["192.0.2.1"; 4], spoofed).await, 429);
    assert_eq!(fourth(&["10.0.0.0/8"], ["192.0.2.1"; 4], spoofed).await, 429);
    assert_eq!(fourth(&["10.0.0.0/8"], ["10.0.0.1"; 4], spoofed).await, 401);
    let before = [
        Some("198.51.100.1, 203.0.113.7"),
        Some("198.51.100.2, 203.0.113.7"),
        Some("198.51.100.3, 203.0.113.7"),
        Some("198.51.100.4, 203.0.113.7"),
    ];
    assert_eq!(fourth(&["10.0.0.0/8"], ["10.0.0.1"; 4], before).await, 429);
}

#[tokio::test]
async fn bodies_that_are_no_login() {
    let world = World::new().await;
    for (body, field) in [
        (json!({ "email": EMAIL }), "password"),
        (json!({ "email": EMAIL, "password": 12345678 }), "password"),
        (json!({ "email": EMAIL, "password": PASSWORD, "admin": true }), "admin"),
        (json!({ "email": "not an address", "password": PASSWORD }), "email"),
        (json!([]), "body"),
    ] {
        let answer = world.json(axum::http::Method::POST, "/v1/auth/login", None, &body).await;
        answer.is_problem(422, "invalid_request");
        let errors = answer.json()["errors"].clone();
        assert_eq!(errors[0]["field"], field, "{errors}");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains("12345678") && !text.contains("not an address"), "{text}");
    }
    assert_eq!(world.app.hasher.compared(), 0);
}

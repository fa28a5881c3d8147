//! Refresh tokens: each once, a lost answer again, a stolen one ends the login.

use axum::http::{Method, StatusCode};
use domain::audit::Action;
use domain::owner::Owner;
use domain::people::UserState;
use serde_json::json;
use stores::{Accounts as _, Audit as _, Directory as _};

use crate::support::{Answer, World};

const EMAIL: &str = "u1@example.org";
const NONCE: &str = "6f1ed002ab5595859014ebf0951522d9";
const OTHER: &str = "00000000000000000000000000000001";

async fn refresh(world: &World, token: &str, nonce: Option<&str>) -> Answer {
    let body = match nonce {
        Some(nonce) => json!({ "refresh_token": token, "nonce": nonce }),
        None => json!({ "refresh_token": token }),
    };
    world.json(Method::POST, "/v1/auth/refresh", None, &body).await
}

async fn begin() -> (World, String) {
    let world = World::new().await;
    world.user(EMAIL).await;
    let token = world.sign_in(EMAIL).await.refresh;
    (world, token)
}

#[tokio::test]
async fn each_is_good_once_and_reuse_ends_the_family() {
    let (world, first) = begin().await;
    let answer = refresh(&world, &first, None).await;
    let second = answer.session();
    assert_ne!(second.refresh, first);
    assert_eq!(world.get("/v1/me", &second.access).await.status, StatusCode::OK);
    // Events sort by time, and the clock stands still.
    world.wait(1);
    refresh(&world, &first, None).await.is_problem(401, "refresh_failed");
    refresh(&world, &second.refresh, None).await.is_problem(401, "refresh_failed");
    let owner = Owner::User(world.accounts.account_of(&EMAIL.parse().unwrap()).await.unwrap().unwrap().id);
    let actions: Vec<_> =
        world.audit.events(&owner, None, 10).await.unwrap().iter().map(|event| event.action).collect();
    assert_eq!(actions, [Action::RefreshReused, Action::SignedIn]);
}

#[tokio::test]
async fn an_old_generation_ends_the_family_too() {
    let (world, first) = begin().await;
    let second = refresh(&world, &first, Some(NONCE)).await.session().refresh;
    let third = refresh(&world, &second, Some(OTHER)).await.session().refresh;
    refresh(&world, &first, Some(NONCE)).await.is_problem(401, "refresh_failed");
    refresh(&world, &third, None).await.is_problem(401, "refresh_failed");
}

#[tokio::test]
async fn a_lost_answer_is_had_again_with_the_nonce() {
    let (world, first) = begin().await;
    let lost = refresh(&world, &first, Some(NONCE)).await.session().refresh;
    world.wait(59);
    let again = refresh(&world, &first, Some(NONCE)).await.session().refresh;
    assert_eq!(lost, again);
    refresh(&world, &again, Some(OTHER)).await.session();
}

#[tokio::test]
async fn a_lost_answer_is_reuse_later_without_or_with_another_nonce() {
    for (seconds, nonces) in
        [(60, [Some(NONCE), Some(NONCE)]), (0, [Some(NONCE), Some(OTHER)]), (0, [Some(NONCE), None]), (0, [None, None])]
    {
        let (world, first) = begin().await;
        let second = refresh(&world, &first, nonces[0]).await.session().refresh;
        world.wait(seconds);
        refresh(&world, &first, nonces[1]).await.is_problem(401, "refresh_failed");
        refresh(&world, &second, None).await.is_problem(401, "refresh_failed");
    }
}

#[tokio::test]
async fn once_the_successor_was_used_nothing_is_repeated() {
    let (world, first) = begin().await;
    let second = refresh(&world, &first, Some(NONCE)).await.session().refresh;
    refresh(&world, &second, Some(NONCE)).await.session();
    refresh(&world, &first, Some(NONCE)).await.is_problem(401, "refresh_failed");
}

/// How many of 50 at once succeed, and how many tokens they got.
async fn at_once(nonce: Option<&'static str>) -> (World, String, Vec<String>) {
    let (world, first) = begin().await;
    let world = std::sync::Arc::new(world);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (world, first) = (world.clone(), first.clone());
        clients.spawn(async move { refresh(&world, &first, nonce).await });
    }
    let mut tokens = Vec::new();
    while let Some(answer) = clients.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            StatusCode::OK => tokens.push(answer.session().refresh),
            _ => answer.is_problem(401, "refresh_failed"),
        }
    }
    let world = std::sync::Arc::into_inner(world).unwrap();
    (world, first, tokens)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_at_once_with_one_nonce_get_the_same_token() {
    let (world, _, mut tokens) = at_once(Some(NONCE)).await;
    assert_eq!(tokens.len(), 50);
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    refresh(&world, &tokens[0], None).await.session();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_at_once_without_a_nonce_are_one_and_reuse() {
    let (world, first, tokens) = at_once(None).await;
    assert_eq!(tokens.len(), 1);
    refresh(&world, &tokens[0], None).await.is_problem(401, "refresh_failed");
    refresh(&world, &first, None).await.is_problem(401, "refresh_failed");
}

#[tokio::test]
async fn thirty_days_are_absolute() {
    let (world, mut token) = begin().await;
    for day in 1..30 {
        world.wait(86_400);
        let answer = refresh(&world, &token, None).await;
        assert_eq!(answer.json()["refresh_expires_in"], (30 - day) * 86_400);
        token = answer.session().refresh;
    }
    world.wait(86_399);
    token = refresh(&world, &token, None).await.session().refresh;
    world.wait(1);
    refresh(&world, &token, None).await.is_problem(401, "refresh_failed");
}

#[tokio::test]
async fn logout_ends_the_login() {
    let (world, token) = begin().await;
    let other = world.sign_in(EMAIL).await.refresh;
    for text in [token.as_str(), token.as_str(), "ohr_x", ""] {
        let answer = world.json(Method::POST, "/v1/auth/logout", None, &json!({ "refresh_token": text })).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    }
    refresh(&world, &token, None).await.is_problem(401, "refresh_failed");
    refresh(&world, &other, None).await.session();
}

#[tokio::test]
async fn a_made_up_token_of_a_family_ends_nothing() {
    let (world, token) = begin().await;
    let mut forged = api::tokens::refresh::RefreshToken::parse(&token).unwrap();
    forged.secret[0] ^= 1;
    let text = forged.text();
    refresh(&world, &text, None).await.is_problem(401, "refresh_failed");
    world.json(Method::POST, "/v1/auth/logout", None, &json!({ "refresh_token": text })).await;
    refresh(&world, &token, None).await.session();
}

#[tokio::test]
async fn a_disabled_user_neither_refreshes_nor_asks() {
    let (world, token) = begin().await;
    let session = refresh(&world, &token, None).await.session();
    let user = world.accounts.account_of(&EMAIL.parse().unwrap()).await.unwrap().unwrap().id;
    assert!(world.directory.set_user_state(user, &[UserState::Active], UserState::Disabled).await.unwrap());
    world.get("/v1/me", &session.access).await.is_problem(401, "unauthenticated");
    refresh(&world, &session.refresh, None).await.is_problem(401, "refresh_failed");
    world.login("127.0.0.1", None, EMAIL, crate::support::PASSWORD).await.is_problem(401, "login_failed");
    assert!(world.directory.set_user_state(user, &[UserState::Disabled], UserState::Active).await.unwrap());
    refresh(&world, &session.refresh, None).await.is_problem(401, "refresh_failed");
    world.sign_in(EMAIL).await;
}

#[tokio::test]
async fn what_is_no_refresh_token() {
    let (world, token) = begin().await;
    let access = world.sign_in(EMAIL).await.access;
    for text in
        ["", "ohr_", "x", &access, &token[..token.len() - 1], &format!("{token}A"), &token.replace("ohr_", "oht_")]
    {
        refresh(&world, text, None).await.is_problem(401, "refresh_failed");
    }
    for nonce in ["", "1", "6F1ED002AB5595859014EBF0951522D9", "+f1ed002ab5595859014ebf0951522d9", &"a".repeat(33)] {
        let answer = refresh(&world, &token, Some(nonce)).await;
        answer.is_problem(422, "invalid_request");
        assert_eq!(answer.json()["errors"][0]["field"], "nonce");
    }
    refresh(&world, &token, None).await.session();
}

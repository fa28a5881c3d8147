//! Who gets what from which route: one table of every route and every kind of caller, checked against the document.

mod stage;
mod table;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use domain::people::{Role, UserState};
use serde_json::json;
use stores::Directory as _;

use self::stage::{Ids, Stage};
use self::table::{ROWS, Row, WHO};
use crate::support::Answer;

#[test]
fn every_route_stands_in_the_table() {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut served = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().iter().filter(|(_, operation)| operation["responses"].is_object());
        served.extend(methods.map(|(method, _)| format!("{} {path}", method.to_uppercase())));
    }
    let table: BTreeSet<_> = ROWS.iter().map(Row::name).collect();
    assert_eq!(ROWS.len(), table.len(), "a route stands twice in the table");
    let missing: Vec<_> = served.difference(&table).collect();
    let unknown: Vec<_> = table.difference(&served).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not in the table: {missing:?}; not in the document: {unknown:?}"
    );
    for row in ROWS.iter() {
        let needs = document["paths"][row.path][row.method.to_lowercase()]["security"].to_string().contains("token");
        assert_eq!(needs, !row.is_public(), "{} is public in one of the two", row.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_the_table_says() {
    let stage = Stage::new().await;
    let mut wrong = Vec::new();
    for row in ROWS.iter() {
        for (who, expected) in WHO.iter().zip(row.expected) {
            let answer = stage.ask(row, &stage.own(row).await, stage.token(who).as_deref()).await;
            if answer.status.as_u16() != expected {
                wrong.push(format!("{} as {who}: {} instead of {expected}", row.name(), answer.status));
            }
            if answer.status == StatusCode::UNAUTHORIZED && !row.is_public() {
                assert_eq!(answer.json()["code"], "unauthenticated", "{} as {who}", row.name());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    stage.over().await;
}

/// What exists elsewhere and what exists nowhere, asked by somebody of another organisation, by an admin of this one
/// who puts in ids of the other, and by a program of the other organisation.
#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_others_is_answered_like_what_never_was() {
    let stage = Stage::new().await;
    let mut compared = 0;
    for row in ROWS.iter().filter(|row| !row.is_public() && row.path.contains('{')) {
        let (own, foreign, unknown) = (stage.own(row).await, stage.foreign(), Ids::unknown());
        let strangers: &[&str] =
            if row.path.contains("{org}") { &["other_admin", "other_member", "removed"] } else { &[] };
        let within = Ids { org: own.org.clone(), ..foreign.clone() };
        let nowhere = Ids { org: own.org.clone(), ..unknown.clone() };
        let mut pairs: Vec<_> = strangers.iter().map(|who| (*who, &own, &unknown)).collect();
        if row.path.contains("{id}") || row.path.contains("{user}") {
            pairs.push(("admin", &within, &nowhere));
        }
        if row.path.contains("{org}") {
            pairs.push(("admin", &foreign, &unknown));
        }
        if row.path.ends_with("/messages") {
            pairs.push(("other_program", &own, &unknown));
        }
        for (who, real, made_up) in pairs {
            let token = stage.token(who);
            let real = stage.ask(row, real, token.as_deref()).await;
            let made_up = stage.ask(row, made_up, token.as_deref()).await;
            assert_eq!(real.status, StatusCode::NOT_FOUND, "{} as {who}", row.name());
            assert_eq!(alike(&real), alike(&made_up), "{} as {who}", row.name());
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared}");
    stage.over().await;
}

/// Links speak for their user, whoever follows them and whatever else they bring along.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_worth_what_its_user_may_see() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let links = [stage.link(world.u1).await, stage.link(world.u2).await, stage.link(stage.leaver).await];
    let status = async |link: &str| world.follow(link, &[]).await.status.as_u16();
    let never = world.follow("/v1/downloads/AAAA", &[]).await;
    for link in &links {
        assert_eq!(status(link).await, 200);
        assert_eq!(alike(&world.follow(&link.replace("downloads/", "downloads/A"), &[]).await), alike(&never));
    }
    world.directory.remove_member(&stage.acme, stage.leaver).await.unwrap();
    world.directory.set_user_state(world.u2, &[UserState::Active], UserState::Disabled).await.unwrap();
    for gone in &links[1..] {
        assert_eq!(alike(&world.follow(gone, &[]).await), alike(&never));
        assert_eq!(world.follow(gone, &[("range", "bytes=0-0")]).await.status, StatusCode::NOT_FOUND);
        // A token of somebody who may see the file does not help the link of somebody who may not.
        let token = format!("Bearer {}", world.token(world.u1));
        assert_eq!(world.follow(gone, &[("authorization", &token)]).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(status(&links[0]).await, 200);
    world.directory.put_member(&stage.acme, stage.leaver, Role::Member).await.unwrap();
    assert_eq!(status(&links[2]).await, 200);
    stage.over().await;
}

/// Tokens keep nothing: each of these callers holds an access token that was issued while everything was in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_that_of_this_moment() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let token = world.token(stage.leaver);
    let members = ROWS.iter().find(|row| row.name() == "POST /v1/organisations/{org}/members").unwrap();
    let ask = async || stage.ask(members, &stage.own(members).await, Some(&token)).await.status.as_u16();
    assert_eq!(ask().await, 403);
    world.directory.put_member(&stage.acme, stage.leaver, Role::Admin).await.unwrap();
    assert_eq!(ask().await, 200);
    world.directory.put_member(&stage.acme, stage.leaver, Role::Member).await.unwrap();
    assert_eq!(ask().await, 403);
    world.directory.remove_member(&stage.acme, stage.leaver).await.unwrap();
    assert_eq!(ask().await, 404);
    let me = ROWS.iter().find(|row| row.name() == "GET /v1/me").unwrap();
    let seen = stage.ask(me, &stage.own(me).await, Some(&token)).await.json();
    assert_eq!(seen["organisations"], json!([]));
    stage.over().await;
}

/// All of an answer but what differs between any two requests.
fn alike(answer: &Answer) -> (StatusCode, Vec<(String, Vec<u8>)>, String) {
    let id = answer.headers["x-request-id"].to_str().unwrap();
    let headers = answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    (answer.status, headers, String::from_utf8_lossy(&answer.body).replace(id, "ID"))
}

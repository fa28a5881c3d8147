//! Who belongs to an organisation, and who may say so.

use axum::http::{Method, StatusCode};
use domain::audit::Action;
use domain::ids::{Slug, UserId};
use domain::owner::Owner;
use domain::people::Role;
use serde_json::{Value, json};
use stores::Audit as _;

use crate::support::World;

const PATH: &str = "/v1/organisations/o1/members";

struct Place {
    world: World,
    o1: Slug,
    admin: String,
    member: String,
    stranger: String,
    ids: [UserId; 3],
}

async fn place() -> Place {
    let world = World::new().await;
    let (o1, o2) = (world.organisation("o1").await, world.organisation("o2").await);
    let ids = [world.user("a@example.org").await, world.user("m@example.org").await, world.user("s@example.org").await];
    world.member(&o1, ids[0], Role::Admin).await;
    world.member(&o1, ids[1], Role::Member).await;
    world.member(&o2, ids[2], Role::Admin).await;
    let [admin, member, stranger] = [
        world.sign_in("a@example.org").await.access,
        world.sign_in("m@example.org").await.access,
        world.sign_in("s@example.org").await.access,
    ];
    Place { world, o1, admin, member, stranger, ids }
}

#[tokio::test]
async fn members_see_each_other_and_admins_their_addresses() {
    let place = place().await;
    let items = |answer: &Value| answer["items"].as_array().unwrap().clone();
    let seen = items(&place.world.get(PATH, &place.admin).await.json());
    let expected = |index: usize, role: &str, email: &str| json!({ "user": place.ids[index].to_string(), "role": role, "email": email, "since": "2026-02-01T00:00:00.000000Z" });
    let mut both = vec![expected(0, "admin", "a@example.org"), expected(1, "member", "m@example.org")];
    both.sort_by_key(|item| item["user"].as_str().unwrap().to_owned());
    assert_eq!(seen, both);
    let seen = items(&place.world.get(PATH, &place.member).await.json());
    assert!(seen.len() == 2 && seen.iter().all(|item| item.get("email").is_none()), "{seen:?}");
    let first = place.world.get(&format!("{PATH}?limit=1"), &place.member).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = place.world.get(&format!("{PATH}?limit=1&cursor={cursor}"), &place.member).await.json();
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!([items(&first), items(&second)].concat(), seen);
}

#[tokio::test]
async fn only_admins_change_and_for_strangers_nothing_is_there() {
    let place = place().await;
    let one = format!("{PATH}/{}", place.ids[1]);
    let role = json!({ "role": "admin" });
    let new = json!({ "email": "s@example.org", "role": "member" });
    for (token, status, code) in [(&place.member, 403, "forbidden"), (&place.stranger, 404, "not_found")] {
        place.world.post(PATH, token, &new).await.is_problem(status, code);
        place.world.json(Method::PATCH, &one, Some(token), &role).await.is_problem(status, code);
        place.world.call(Method::DELETE, &one, Some(token)).await.is_problem(status, code);
    }
    let foreign = place.world.get(PATH, &place.stranger).await;
    foreign.is_problem(404, "not_found");
    for path in
        ["/v1/organisations/unknown/members", "/v1/organisations/O%2F1/members", "/v1/organisations/%ff/members"]
    {
        assert_eq!(place.world.get(path, &place.stranger).await.alike(), foreign.alike(), "{path}");
    }
    for (method, path) in [(Method::GET, PATH), (Method::POST, PATH), (Method::PATCH, &one), (Method::DELETE, &one)] {
        place.world.call(method, path, None).await.is_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn an_admin_adds_changes_and_removes() {
    let place = place().await;
    let new = json!({ "email": "S@example.org", "role": "member" });
    for _ in 0..2 {
        let answer = place.world.post(PATH, &place.admin, &new).await;
        assert_eq!((answer.status, &answer.json()["role"]), (StatusCode::OK, &json!("member")));
    }
    assert_eq!(place.world.get(PATH, &place.stranger).await.status, StatusCode::OK);
    let one = format!("{PATH}/{}", place.ids[2]);
    let answer = place.world.json(Method::PATCH, &one, Some(&place.admin), &json!({ "role": "admin" })).await;
    assert_eq!((answer.status, &answer.json()["role"]), (StatusCode::OK, &json!("admin")));
    // Events sort by time, and the clock stands still.
    place.world.wait(1);
    let answer = place.world.call(Method::DELETE, &one, Some(&place.admin)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    place.world.get(PATH, &place.stranger).await.is_problem(404, "not_found");
    place.world.call(Method::DELETE, &one, Some(&place.admin)).await.is_problem(404, "not_found");
    let patched = place.world.json(Method::PATCH, &one, Some(&place.admin), &json!({ "role": "admin" })).await;
    patched.is_problem(404, "not_found");
    let events = place.world.audit.events(&Owner::Organisation(place.o1.clone()), None, 10).await.unwrap();
    let actions: Vec<_> = events.iter().map(|event| event.action).collect();
    assert_eq!(actions, [Action::MemberRemoved, Action::MemberPut, Action::MemberPut, Action::MemberPut]);
    assert!(events.iter().all(|event| event.subject == place.ids[2].to_string()));
}

#[tokio::test]
async fn an_organisation_keeps_an_admin() {
    let place = place().await;
    let own = format!("{PATH}/{}", place.ids[0]);
    place.world.call(Method::DELETE, &own, Some(&place.admin)).await.is_problem(409, "last_admin");
    let patched = place.world.json(Method::PATCH, &own, Some(&place.admin), &json!({ "role": "member" })).await;
    patched.is_problem(409, "last_admin");
}

#[tokio::test]
async fn fields_that_cannot_be() {
    let place = place().await;
    for (body, field) in [
        (json!({ "email": "nobody@example.org", "role": "member" }), "email"),
        (json!({ "email": "x", "role": "member" }), "email"),
        (json!({ "email": "s@example.org", "role": "owner" }), "role"),
        (json!({ "email": "s@example.org" }), "role"),
    ] {
        let answer = place.world.post(PATH, &place.admin, &body).await;
        answer.is_problem(422, "invalid_request");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    place.world.get(&format!("{PATH}?limit=0"), &place.admin).await.is_problem(422, "invalid_request");
    let no_id = format!("{PATH}/x");
    place.world.call(Method::DELETE, &no_id, Some(&place.admin)).await.is_problem(404, "not_found");
}

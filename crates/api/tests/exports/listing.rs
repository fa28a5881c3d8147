//! Lists page by page: exports, parts, memberships; and what a stranger sees of them.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use domain::ids::{MembershipId, UserId};
use domain::membership::{BillingInterval, Membership, MembershipState, PaymentMethod};
use domain::time::Day;
use serde_json::{Value, json};
use stores::Memberships as _;

use crate::support::{EXPORTS, World};

/// All pages of a list, as long as asked.
async fn pages(world: &World, user: UserId, path: &str, limit: u32) -> Vec<Vec<Value>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(user, &format!("{path}?limit={limit}{cursor}")).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let page = page.json();
        pages.push(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

fn lengths(pages: &[Vec<Value>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

#[tokio::test]
async fn exports_come_newest_first() {
    let world = World::limited(|_| ()).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let path = world.ask(json!({})).await;
        ids.insert(0, json!(path.rsplit('/').next().unwrap()));
        world.system.clock.advance(std::time::Duration::from_millis(2));
    }
    let found = pages(&world, world.u2, EXPORTS, 2).await;
    assert_eq!(lengths(&found), [2, 2, 1]);
    assert_eq!(found.concat().iter().map(|item| item["id"].clone()).collect::<Vec<_>>(), ids);
    assert_eq!(lengths(&pages(&world, world.u2, EXPORTS, 5).await), [5]);
    let waiting = &found.concat()[0];
    assert_eq!((&waiting["state"], &waiting["waits_for"]), (&json!("queued"), &json!({"reason": "place"})));
    world.over().await;
}

#[tokio::test]
async fn queries_are_checked() {
    let world = World::limited(|_| ()).await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("cursor=AAAA", "cursor"),
        ("cursor=", "cursor"),
        ("limit=1&limit=2", "query"),
        ("page=2", "query"),
    ] {
        for path in [EXPORTS, "/v1/me/exports", "/v1/me/memberships"] {
            assert_eq!(world.get(world.u1, &format!("{path}?{query}")).await.fields(), [field], "{path}?{query}");
        }
    }
    // A cursor of another list.
    let memberships = api::cursor::Cursor::Segment(1).encode();
    assert_eq!(world.get(world.u1, &format!("{EXPORTS}?cursor={memberships}")).await.fields(), ["cursor"]);
    world.over().await;
}

fn membership(number: u8, user: UserId, valid_from: i32) -> Membership {
    Membership {
        id: MembershipId(uuid::Uuid::from_bytes([number; 16])),
        name: format!("Club {number}"),
        user,
        recurring_price_hundredths: 1_250,
        currency: "EUR".parse().unwrap(),
        valid_from: Day(valid_from),
        valid_until: number.is_multiple_of(2).then_some(Day(valid_from + 30)),
        state: MembershipState::Active,
        payment_method: PaymentMethod::Sepa,
        billing_interval: BillingInterval::Monthly,
        billing_periods: 3,
    }
}

#[tokio::test]
async fn memberships_are_those_of_the_caller() {
    let world = World::limited(|_| ()).await;
    let rows = (1..=4).map(|number| membership(number, world.u1, 19_000 + i32::from(number / 2)));
    let others = [membership(9, world.u2, 19_000)];
    world.directory.import_memberships(rows.chain(others).collect()).await.unwrap();
    let found = pages(&world, world.u1, "/v1/me/memberships", 3).await;
    assert_eq!(lengths(&found), [3, 1]);
    let all = found.concat();
    assert_eq!(
        all.iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["Club 1", "Club 2", "Club 3", "Club 4"]
    );
    let first = json!({
        "id": "01010101-0101-0101-0101-010101010101", "name": "Club 1", "user_id": world.u1.to_string(),
        "recurring_price": "12.50", "currency": "EUR", "valid_from": "2022-01-08", "valid_until": null,
        "state": "active", "payment_method": "sepa", "billing_interval": "monthly", "billing_periods": 3,
    });
    assert_eq!(all[0], first);
    assert_eq!(world.get(world.u3, "/v1/me/memberships").await.json(), json!({"items": [], "next_cursor": null}));
    let estimate = world.post(world.u1, "/v1/me/exports/estimate", &json!({"dataset": "memberships"})).await;
    assert_eq!(estimate.json()["rows"], 4);
    world.over().await;
}

#[tokio::test]
async fn an_export_of_ones_own_is_nobody_elses() {
    let world = World::standing().await;
    let answer = world.post(world.u1, "/v1/me/exports", &json!({"dataset": "memberships"})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    let (path, view) = (answer.header(axum::http::header::LOCATION).to_owned(), answer.json());
    assert_eq!(path, format!("/v1/me/exports/{}", view["id"].as_str().unwrap()));
    assert_eq!((&view["request"]["format"], view["request"].get("from")), (&json!("csv"), None));
    assert_eq!(world.get(world.u1, &path).await.json(), view);
    assert_eq!(world.get(world.u2, &path).await.problem(404), "not_found");
    assert_eq!(
        world.get(world.u1, &format!("{EXPORTS}/{}", view["id"].as_str().unwrap())).await.problem(404),
        "not_found"
    );
    assert_eq!(lengths(&pages(&world, world.u1, "/v1/me/exports", 10).await), [1]);
    assert_eq!(lengths(&pages(&world, world.u2, "/v1/me/exports", 10).await), [0]);
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_id_answers_as_an_unknown_one() {
    let world = World::limited(|_| ()).await;
    world.some_messages().await;
    let path = world.ask(json!({})).await;
    world.finish(&path).await;
    let id = path.rsplit('/').next().unwrap();
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let mut seen = BTreeSet::new();
    for id in [id, unknown, "no-id", &id.to_uppercase()] {
        let own = format!("/v1/organisations/other/exports/{id}");
        for (user, base) in
            [(world.u3, own), (world.u3, format!("{EXPORTS}/{id}")), (world.u2, format!("/v1/me/exports/{id}"))]
        {
            let answers = [
                world.get(user, &base).await,
                world.get(user, &format!("{base}/parts")).await,
                world.get(user, &format!("{base}/manifest")).await,
                world.post(user, &format!("{base}/links"), &json!({})).await,
                world.post(user, &format!("{base}/retry"), &json!({})).await,
                world.delete(user, &base).await,
            ];
            for answer in answers {
                let mut document = answer.json();
                document.as_object_mut().unwrap().remove("request_id");
                let mut headers = answer.headers.clone();
                headers.remove("x-request-id");
                headers.remove("content-length");
                seen.insert(format!("{} {document} {headers:?}", answer.status));
            }
        }
    }
    assert_eq!(seen.len(), 1, "{seen:#?}");
    assert_eq!(world.get(world.u1, &path).await.json()["state"], "succeeded");
    world.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_listed_with_what_is_in_them() {
    let world = World::limited(|_| ()).await;
    world.some_messages().await;
    let path = world.ask(json!({"format": "csv"})).await;
    assert_eq!(world.get(world.u1, &format!("{path}/parts")).await.problem(409), "not_ready");
    let done = world.finish(&path).await;
    let found = pages(&world, world.u2, &format!("{path}/parts"), 4).await;
    let parts = found.concat();
    assert_eq!(done["progress"]["segments"], parts.len());
    assert!(found.len() > 2 && parts.iter().zip(0..).all(|(part, number)| part["part"] == number));
    assert!(parts.iter().all(|part| part["ready"] == true && part["first_day"].as_str() <= part["last_day"].as_str()));
    let rows: u64 = parts.iter().map(|part| part["rows"].as_u64().unwrap()).sum();
    assert_eq!(done["progress"]["rows"], rows);
    for part in parts {
        let link = world.link(world.u2, &path, json!({"part": part["part"]})).await;
        let fetched = world.follow(&link, &[]).await;
        assert_eq!((fetched.status, &json!(fetched.body.len())), (StatusCode::OK, &part["bytes"]));
        assert_eq!(part["blake3"], blake3::hash(&fetched.body).to_hex().as_str());
    }
    world.over().await;
}

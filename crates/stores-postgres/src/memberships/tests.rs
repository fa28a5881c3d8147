//! The suite on a real server, and imports at the same moment.

use std::sync::Arc;

use domain::ids::MembershipId;
use domain::people::UserState;
use stores::Directory;
use uuid::Uuid;

use super::*;
use crate::testing::{self, World, goes_by_indexes, is_there, manual, open};

stores::memberships_contract!(open, if is_there());

#[tokio::test]
async fn every_statement_goes_by_an_index() {
    goes_by_indexes(sql::ALL).await;
}

fn membership(id: u128, user: UserId) -> Membership {
    testing::membership(MembershipId(Uuid::from_u128(id)), user)
}

async fn users(stores: &PostgresStores, count: u8) -> Vec<UserId> {
    let ids: Vec<_> = (1..=count).map(|number| UserId(Uuid::from_u128(u128::from(number)))).collect();
    for (id, number) in ids.iter().zip(1..) {
        stores.begin_user(*id, &[number; 32]).await.unwrap();
        stores.set_user_state(*id, &[UserState::Creating], UserState::Active).await.unwrap();
    }
    ids
}

/// Rows of one import are judged in their order, also where one id comes twice.
#[tokio::test]
async fn an_id_that_comes_twice_is_judged_in_order() {
    use MembershipsImported::{Done, NoUser, OfAnotherUser};
    let Some(world) = World::fresh().await else { return };
    let stores = world.stores(Arc::new(manual())).await;
    let ids = users(&stores, 2).await;
    let (one, two, nobody) = (ids[0], ids[1], UserId(Uuid::from_u128(9)));
    let named = |name: &str, row: Membership| Membership { name: name.to_owned(), ..row };
    for (rows, expected) in [
        (vec![membership(1, two), membership(1, one)], OfAnotherUser(1)),
        (vec![membership(1, one), membership(1, two), membership(2, nobody)], OfAnotherUser(1)),
        (vec![membership(1, nobody), membership(1, one)], NoUser(0)),
        (vec![membership(1, one), membership(1, nobody)], NoUser(1)),
        (vec![membership(1, one), named("last", membership(1, one))], Done { new: 1, replaced: 1 }),
        (vec![membership(2, two), membership(1, two)], OfAnotherUser(1)),
    ] {
        assert_eq!(stores.import_memberships(rows).await.unwrap(), expected);
    }
    assert_eq!(stores.memberships_of(one).await.unwrap(), [named("last", membership(1, one))]);
    assert_eq!(stores.memberships_of(two).await.unwrap(), []);
}

/// Two users bring in the same ids in opposite orders: one gets all of them, the other is told.
#[tokio::test]
async fn of_two_imports_of_one_id_one_wins() {
    let Some(world) = World::fresh().await else { return };
    let stores = world.stores(Arc::new(manual())).await;
    let ids = users(&stores, 2).await;
    for round in 0..10_u128 {
        let rows = |user| (0..50).map(move |id| membership(round * 100 + id, user)).collect::<Vec<_>>();
        let back = rows(ids[1]).into_iter().rev().collect();
        let both = tokio::join!(stores.import_memberships(rows(ids[0])), stores.import_memberships(back));
        let done = [both.0.unwrap(), both.1.unwrap()].map(|came| matches!(came, MembershipsImported::Done { .. }));
        assert_eq!(done.iter().filter(|done| **done).count(), 1);
    }
    let of = |user| stores.memberships_of(user);
    assert_eq!(of(ids[0]).await.unwrap().len() + of(ids[1]).await.unwrap().len(), 500);
}

/// More users and rows than one statement is about.
#[tokio::test]
async fn an_import_of_many_users_is_one() {
    let Some(world) = World::fresh().await else { return };
    let stores = world.stores(Arc::new(manual())).await;
    world.engine.sql(
        "INSERT INTO outhaul.users SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'active', NULL, 0
         FROM generate_series(1, 1200) AS n",
    );
    let user = |number: u32| UserId(format!("00000000-0000-0000-0000-{number:012}").parse().expect("an id"));
    let rows: Vec<_> = (0..4_800).map(|row| membership(u128::from(row), user(row % 1_200 + 1))).collect();
    let import = |rows: &[Membership]| stores.import_memberships(rows.to_vec());
    assert_eq!(import(&rows).await.unwrap(), MembershipsImported::Done { new: 4_800, replaced: 0 });
    assert_eq!(import(&rows[100..]).await.unwrap(), MembershipsImported::Done { new: 0, replaced: 4_700 });
    assert_eq!(stores.memberships_of(user(1_200)).await.unwrap().len(), 4);
}

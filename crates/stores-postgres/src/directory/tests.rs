//! The suite on a real server, what the database itself refuses, and who comes between whom.

use std::sync::Arc;

use domain::clock::Clock;
use domain::people::{Role, UserState};
use futures::future::join_all;
use stores::memory::MemoryAccounts;

use super::*;
use crate::testing::{World, goes_by_indexes, is_there, manual, open};

stores::directory_contract!(open, if is_there());
stores::people_contract!(
    async |clock: Arc<dyn Clock>| {
        let (world, stores) = open(clock.clone()).await;
        let (directory, accounts): (Arc<dyn Directory>, Arc<dyn stores::Accounts>) =
            (Arc::new(stores), Arc::new(MemoryAccounts::new(clock)));
        (world, directory, accounts)
    },
    if is_there()
);

#[tokio::test]
async fn every_statement_goes_by_an_index() {
    goes_by_indexes(sql::ALL).await;
}

fn slug(text: &str) -> Slug {
    text.parse().expect("a slug")
}

async fn active(stores: &PostgresStores, number: u8) -> UserId {
    let id = UserId(uuid::Uuid::from_u128(u128::from(number)));
    stores.begin_user(id, &[number; 32]).await.unwrap();
    assert!(stores.set_user_state(id, &[UserState::Creating], UserState::Active).await.unwrap());
    id
}

/// Even a program with a mistake in it leaves no member without a user or organisation.
#[tokio::test]
async fn the_database_refuses_what_refers_to_nothing() {
    let Some(world) = World::fresh().await else { return };
    let user = |last: u8| format!("'00000000-0000-0000-0000-{last:012}'");
    let (one, two) = (user(1), user(2));
    world.engine.sql(&format!(
        "SET search_path = outhaul; INSERT INTO organisations VALUES ('a', 0);
         INSERT INTO users (id, state, created_at) VALUES ({one}, 'active', 0)"
    ));
    for refused in [
        format!("INSERT INTO members VALUES ('b', {one}, 'admin', 0)"),
        format!("INSERT INTO members VALUES ('a', {two}, 'admin', 0)"),
        format!("INSERT INTO members VALUES ('a', {one}, 'owner', 0)"),
        format!("INSERT INTO organisation_tokens VALUES ({one}, 'b', '', sha256(''), 0)"),
        format!("INSERT INTO organisation_tokens VALUES ({one}, 'a', '', 'short', 0)"),
        format!("INSERT INTO users VALUES ({one}, 'active', NULL, 0)"),
        format!("INSERT INTO users VALUES ({two}, 'active', sha256(''), 0)"),
        format!("INSERT INTO memberships VALUES ({one}, {two}, 'n', 0, 'EUR', 0, 0, 's', 'p', 'b', 0)"),
    ] {
        // The superuser is above the policies, not above what the tables say.
        let script = format!(
            "DO $$ BEGIN {refused}; RAISE 'taken'; EXCEPTION WHEN integrity_constraint_violation
            THEN NULL; END $$"
        );
        world.engine.sql(&format!("SET search_path = outhaul; {script}"));
    }
}

/// Two admins let each other go at the same moment, again and again: one of them stays.
#[tokio::test]
async fn two_admins_do_not_remove_each_other() {
    let Some(world) = World::fresh().await else { return };
    let stores = world.stores(Arc::new(manual())).await;
    let acme = slug("acme");
    stores.create_organisation(&acme).await.unwrap();
    let (one, two) = (active(&stores, 1).await, active(&stores, 2).await);
    for _ in 0..30 {
        for user in [one, two] {
            stores.put_member(&acme, user, Role::Admin).await.unwrap();
        }
        let both = tokio::join!(stores.remove_member(&acme, one), stores.put_member(&acme, two, Role::Member));
        let mut came = [both.0.unwrap(), both.1.unwrap()];
        came.sort_unstable_by_key(|change| *change == MemberChange::LastAdmin);
        assert_eq!(came, [MemberChange::Changed, MemberChange::LastAdmin]);
    }
}

/// The first place of a user is given twice at the same moment: who comes second sees who was first.
#[tokio::test]
async fn two_roles_at_once_are_given_one_after_the_other() {
    let Some(world) = World::fresh().await else { return };
    let stores = world.stores(Arc::new(manual())).await;
    let one = active(&stores, 1).await;
    for number in 0..20 {
        let organisation = slug(&format!("o{number}"));
        stores.create_organisation(&organisation).await.unwrap();
        let both = tokio::join!(
            stores.put_member(&organisation, one, Role::Admin),
            stores.put_member(&organisation, one, Role::Member)
        );
        // Either the admin came second, or nobody else could have been left to be one.
        let expected = match both.1.unwrap() {
            MemberChange::LastAdmin | MemberChange::Changed => Role::Admin,
            other => panic!("{other:?}"),
        };
        assert_eq!(both.0.unwrap(), MemberChange::Changed);
        assert_eq!(stores.role(&organisation, one).await.unwrap(), Some(expected));
    }
}

/// Whoever is deleted while they are made a member is none afterwards.
#[tokio::test]
async fn a_deleted_user_is_no_member_whoever_was_first() {
    let Some(world) = World::fresh().await else { return };
    let stores = world.stores(Arc::new(manual())).await;
    let organisations = ["a", "b", "c"].map(slug);
    for organisation in &organisations {
        stores.create_organisation(organisation).await.unwrap();
    }
    for number in 1..=15 {
        let user = active(&stores, number).await;
        let puts = organisations.iter().map(|organisation| stores.put_member(organisation, user, Role::Admin));
        let deleted = stores.set_user_state(user, &[UserState::Active], UserState::Deleted);
        let (puts, deleted) = tokio::join!(join_all(puts), deleted);
        assert!(deleted.unwrap());
        assert!(puts.iter().all(Result::is_ok), "{puts:?}");
        assert_eq!(stores.organisations_of(user, 9).await.unwrap(), []);
    }
}

/// The same creation from many sides is one user.
#[tokio::test]
async fn a_creation_is_begun_once() {
    let Some(world) = World::fresh().await else { return };
    let stores = world.stores(Arc::new(manual())).await;
    for number in 0..10_u8 {
        let ids = (0..6).map(|side| UserId(uuid::Uuid::from_u128(u128::from(number) * 10 + side + 1)));
        let ids: Vec<_> = ids.collect();
        let key = [number; 32];
        let begun = join_all(ids.iter().map(|id| stores.begin_user(*id, &key))).await;
        let begun: Vec<UserId> = begun.into_iter().map(Result::unwrap).collect();
        assert!(begun.iter().all(|id| *id == begun[0]), "{begun:?}");
    }
}

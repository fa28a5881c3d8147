//! With the first wall switched off, so in statements without a word on whose rows are meant, nothing of others comes.

use std::sync::Arc;

use domain::ids::{MembershipId, Slug, TokenId, UserId};
use domain::membership::Membership;
use domain::people::{Role, Scope, UserState};
use domain::time::Micros;
use stores::{Directory, MemberChange, Memberships, OrganisationToken};
use uuid::Uuid;

use crate::PostgresStores;
use crate::testing::{self, World, manual};

const TABLES: [&str; 5] = ["organisations", "users", "members", "organisation_tokens", "memberships"];

/// Of each organisation: an admin, who has a membership, and a token. User 3 belongs to both.
async fn peopled() -> Option<(World, PostgresStores)> {
    let world = World::fresh().await?;
    let stores = world.stores(Arc::new(manual())).await;
    for (number, slugs) in [(1, &["a"][..]), (2, &["b"]), (3, &["a", "b"])] {
        let user = user(number);
        stores.begin_user(user, &[number; 32]).await.unwrap();
        stores.set_user_state(user, &[UserState::Creating], UserState::Active).await.unwrap();
        for slug in slugs {
            let slug: Slug = slug.parse().expect("a slug");
            stores.create_organisation(&slug).await.unwrap();
            assert_eq!(stores.put_member(&slug, user, Role::Admin).await.unwrap(), MemberChange::Changed);
        }
        stores.import_memberships(vec![membership(number)]).await.unwrap();
    }
    for (number, slug) in [(1, "a"), (2, "b")] {
        assert!(stores.create_token(&token(number, slug)).await.unwrap());
    }
    // One creation that is not finished.
    stores.begin_user(user(4), &[4; 32]).await.unwrap();
    Some((world, stores))
}

fn user(number: u8) -> UserId {
    UserId(Uuid::from_u128(number.into()))
}

fn id(number: u8) -> String {
    user(number).to_string()
}

fn token(number: u8, organisation: &str) -> OrganisationToken {
    OrganisationToken {
        id: TokenId(user(number).0),
        organisation: organisation.parse().expect("a slug"),
        scopes: [Scope::MessagesWrite].into(),
        secret_sha256: [number; 32],
        created_at: Micros(0),
    }
}

fn membership(number: u8) -> Membership {
    testing::membership(MembershipId(user(number).0), user(number))
}

/// Everything in the database, as a superuser sees it.
fn everything(world: &World) -> String {
    let rows = TABLES.map(|table| format!("SELECT {table}::text FROM outhaul.{table} ORDER BY 1"));
    world.engine.sql(&rows.join(";\n"))
}

/// What a transaction with these settings finds in each table, without a condition.
fn sees(world: &World, settings: &[(&str, &str)]) -> [Vec<String>; 5] {
    let keys = [
        "slug",
        "right(id::text, 1)",
        "organisation || right(user_id::text, 1)",
        "right(id::text, 1)",
        "right(id::text, 1)",
    ];
    let mut seen = TABLES.into_iter().zip(keys).map(|(table, key)| {
        world.as_service(settings, &format!("SELECT {key} FROM outhaul.{table} ORDER BY 1")).expect("it may look")
    });
    std::array::from_fn(|_| seen.next().expect("one for each table"))
}

#[tokio::test]
async fn without_a_word_on_whose_rows_are_meant_others_do_not_come() {
    let Some((world, _stores)) = peopled().await else { return };
    let all = |settings: &[(&str, &str)], expected: [&[&str]; 5]| {
        assert_eq!(
            sees(&world, settings),
            expected.map(|rows| rows.iter().map(ToString::to_string).collect::<Vec<_>>())
        );
    };
    let (one, two, three) = (&*id(1), &*id(2), &*id(3));
    let nothing = [&[] as &[&str]; 5];
    all(&[], nothing);
    // What a transaction before on the same connection leaves of its settings is the empty text.
    let empty = ["organisation", "users", "creation", "token", "list"].map(|name| format!("outhaul.{name}"));
    all(&empty.each_ref().map(|name| (name.as_str(), "")), nothing);
    all(&[("outhaul.organisation", "a")], [&["a"], &["1", "3"], &["a1", "a3"], &["1"], &[]]);
    all(&[("outhaul.organisation", "b")], [&["b"], &["2", "3"], &["b2", "b3"], &["2"], &[]]);
    all(&[("outhaul.users", three)], [&[], &["3"], &["a3", "b3"], &[], &["3"]]);
    // For a member of an organisation: of their places, this one alone.
    all(
        &[("outhaul.organisation", "a"), ("outhaul.users", three)],
        [&["a"], &["1", "3"], &["a1", "a3"], &["1"], &["3"]],
    );
    all(
        &[("outhaul.organisation", "a"), ("outhaul.users", two)],
        [&["a"], &["1", "2", "3"], &["a1", "a3"], &["1"], &["2"]],
    );
    all(&[("outhaul.users", &format!("{one},{two}"))], [&[], &["1", "2"], &["a1", "b2"], &[], &["1", "2"]]);
    all(&[("outhaul.token", two)], [&[], &[], &[], &["2"], &[]]);
    all(&[("outhaul.creation", &"04".repeat(32))], [&[], &["4"], &[], &[], &[]]);
    all(&[("outhaul.list", "organisations")], [&["a", "b"], &[], &[], &[], &[]]);
    all(&[("outhaul.list", "users")], nothing);
    all(&[("outhaul.organisation", "*")], nothing);
}

/// Statements that change everything they see change nothing of others; what they may not see they may not put there.
#[tokio::test]
async fn without_a_word_on_whose_rows_are_meant_nothing_of_others_changes() {
    let Some((world, _stores)) = peopled().await else { return };
    let before = everything(&world);
    let (one, two) = (id(1), id(2));
    let (of_a, of_one) = (("outhaul.organisation", "a"), ("outhaul.users", one.as_str()));
    let put = |what: &str| format!("SET search_path = outhaul; INSERT INTO {what}");
    let token = |slug: &str| put(&format!("organisation_tokens VALUES ('{}', '{slug}', '', sha256(''), 0)", id(9)));
    let member = |slug: &str, user: &str| put(&format!("members VALUES ('{slug}', '{user}', 'admin', 0)"));
    let bought =
        |user: &str| put(&format!("memberships VALUES ('{}', '{user}', 'n', 0, 'EUR', 0, 0, 's', 'p', 'b', 0)", id(9)));
    let refused = [
        (&[][..], put("organisations VALUES ('c', 0)")),
        (&[], put(&format!("users VALUES ('{}', 'active', NULL, 0)", id(9)))),
        (&[of_a], put("organisations VALUES ('c', 0)")),
        (&[of_a], token("b")),
        (&[of_a], put(&format!("users VALUES ('{}', 'active', NULL, 0)", id(9)))),
        (&[of_a], member("a", &one)),
        (&[of_a, of_one], member("b", &one)),
        (&[of_a, of_one], member("a", &two)),
        (&[of_one], member("b", &one)),
        (&[of_a], bought(&one)),
        (&[of_one], bought(&two)),
        (&[of_a], "UPDATE outhaul.members SET role = 'member'".to_owned()),
        // One of another's id is passed over where that is asked for, else refused.
        (
            &[of_one],
            format!(
                "INSERT INTO outhaul.memberships VALUES ('{two}', '{one}', 'n', 0, 'EUR', 0, 0, 's', 'p', 'b', 0)
             ON CONFLICT (id) DO UPDATE SET name = 'stolen'"
            ),
        ),
    ];
    for (settings, statement) in refused {
        let said = world.as_service(settings, &statement).expect_err(&statement);
        assert!(said.contains("row-level security"), "{statement}: {said}");
    }
    let unseen = [
        (&[][..], "DELETE FROM outhaul.members"),
        (&[], "DELETE FROM outhaul.organisation_tokens"),
        (&[], "UPDATE outhaul.users SET state = 'disabled'"),
        (&[], "UPDATE outhaul.members SET role = 'member'"),
        (&[], "UPDATE outhaul.memberships SET name = 'changed'"),
        (&[of_a], "DELETE FROM outhaul.members"),
        (&[of_a], "UPDATE outhaul.users SET state = 'disabled'"),
        (&[of_a], "UPDATE outhaul.memberships SET name = 'changed'"),
        (&[("outhaul.token", &two)], "DELETE FROM outhaul.organisation_tokens"),
        (&[("outhaul.list", "organisations")], "DELETE FROM outhaul.members"),
    ];
    for (settings, statement) in unseen {
        world.as_service(settings, statement).expect(statement);
    }
    assert_eq!(everything(&world), before);
}

/// What is seen may be changed; the rest stays.
#[tokio::test]
async fn what_is_meant_changes_and_nothing_else() {
    let Some((world, stores)) = peopled().await else { return };
    let one = id(1);
    let (of_a, of_one) = (("outhaul.organisation", "a"), ("outhaul.users", one.as_str()));
    world.as_service(&[of_a], "DELETE FROM outhaul.organisation_tokens").unwrap();
    world.as_service(&[of_a, of_one], "DELETE FROM outhaul.members").unwrap();
    world.as_service(&[of_one], "UPDATE outhaul.users SET state = 'disabled'").unwrap();
    world.as_service(&[of_one], "UPDATE outhaul.memberships SET name = 'changed'").unwrap();
    let sum = "SELECT (SELECT count(*) FROM outhaul.organisation_tokens), (SELECT count(*) FROM outhaul.members),
        (SELECT count(*) FROM outhaul.users WHERE state = 'disabled'),
        (SELECT count(*) FROM outhaul.memberships WHERE name = 'changed')";
    assert_eq!(world.engine.sql(sum), "1|3|1|1");
    assert!(stores.token(TokenId(user(2).0)).await.unwrap().is_some());
    assert_eq!(stores.memberships_of(user(2)).await.unwrap(), [membership(2)]);
}

//! The contract on both emulators, and what is particular to DynamoDB.

use std::sync::Arc;

use domain::clock::{Clock, ManualClock};
use domain::limits::Limits;
use domain::time::Micros;
use engines::Tables;

use super::*;
use crate::testing::open;

async fn local(clock: Arc<dyn Clock>) -> (Tables, DynamoStores) {
    open(Tables::local().expect("looked for before"), clock, Limits::default()).await
}

mod on_dynamodb_local {
    use super::*;

    stores::accounts_contract!(local, if Tables::local().is_some());

    stores::people_contract!(async |clock: Arc<dyn Clock>| {
        let (tables, accounts) = local(Arc::clone(&clock)).await;
        let directory: Arc<dyn stores::Directory> = Arc::new(stores::memory::MemoryDirectory::new(clock));
        let accounts: Arc<dyn Accounts> = Arc::new(accounts);
        (tables, directory, accounts)
    }, if Tables::local().is_some());
}

mod on_ministack {
    use super::*;

    async fn ministack(clock: Arc<dyn Clock>) -> (Tables, DynamoStores) {
        open(Tables::ministack().expect("looked for before"), clock, Limits::default()).await
    }

    stores::accounts_contract!(ministack, if Tables::ministack().is_some());
}

const NOW: Micros = Micros(1_700_000_000_000_000);

fn user(number: u8) -> UserId {
    format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap()
}

fn login(number: u8, of: UserId) -> Family {
    Family {
        id: FamilyId(user(number).0),
        user: of,
        generation: 0,
        secret_sha256: [number; 32],
        rotation: None,
        began_at: NOW,
        expires_at: NOW.plus_seconds(60),
    }
}

/// What a newer program, or a person, has put beside what this one knows.
#[tokio::test]
async fn unknown_attributes_and_the_profile_outlive_a_new_password() {
    if Tables::local().is_none() {
        return;
    }
    let (_tables, stores) = local(Arc::new(ManualClock::at(NOW))).await;
    let email: Email = "u1@example.org".parse().unwrap();
    stores.create_account(user(1), &email, "one").await.unwrap();
    let item = stores.account_item(user(1)).await.unwrap().unwrap();
    let profile = r#"{"theme":"dark","of":{"a":"newer program"}}"#;
    let richer = Write::new(&rows::account_key(user(1))).text("profile", profile).text("phone", "later").over(&item);
    assert!(stores.db.put(&ACCOUNTS, &richer.item(), &Condition::unchanged(Some(&item))).await.unwrap());

    assert!(stores.set_password_hash(user(1), "two").await.unwrap());
    assert_eq!(stores.end_families_of(user(1)).await.unwrap(), 0);
    let account = stores.account(user(1)).await.unwrap().unwrap();
    assert_eq!((account.password_hash.as_str(), account.profile.as_str()), ("two", profile));
    let item = stores.account_item(user(1)).await.unwrap().unwrap();
    assert_eq!(item.get("phone"), Some(&text("later")));
}

/// A process that ends between the new password and the removal of the logins leaves nobody signed in.
#[tokio::test]
async fn a_login_of_another_epoch_is_void() {
    if Tables::local().is_none() {
        return;
    }
    let (_tables, stores) = local(Arc::new(ManualClock::at(NOW))).await;
    stores.create_account(user(1), &"u1@example.org".parse().unwrap(), "one").await.unwrap();
    assert!(stores.begin_family(&login(2, user(1))).await.unwrap());
    assert!(stores.family(FamilyId(user(2).0)).await.unwrap().is_some());
    let changed = stores.db.update(&ACCOUNTS, &rows::account_key(user(1)), &stores.another_epoch()).await;
    assert!(changed.unwrap());
    assert_eq!(stores.family(FamilyId(user(2).0)).await.unwrap(), None);
    let next = Family { generation: 1, ..login(2, user(1)) };
    assert!(!stores.rotate_family(0, &next).await.unwrap());
}

/// DynamoDB removes what has run out when it comes to it: until then it is there, and is not shown.
#[tokio::test]
async fn a_login_that_ran_out_and_is_there_still_is_not_shown() {
    if Tables::local().is_none() {
        return;
    }
    let clock = Arc::new(ManualClock::at(NOW));
    let (_tables, stores) = local(clock.clone()).await;
    stores.create_account(user(1), &"u1@example.org".parse().unwrap(), "one").await.unwrap();
    stores.begin_family(&login(2, user(1))).await.unwrap();
    clock.step_to(NOW.plus_seconds(60));
    let key = rows::family_key(user(1), FamilyId(user(2).0));
    let item = stores.db.get(&ACCOUNTS, &key).await.unwrap().expect("nobody has removed it");
    assert_eq!(item.get("ttl"), Some(&crate::item::number(1_700_000_061)));
    assert_eq!(stores.family(FamilyId(user(2).0)).await.unwrap(), None);
    assert!(!stores.rotate_family(0, &Family { generation: 1, ..login(2, user(1)) }).await.unwrap());
    assert_eq!(stores.purge_families().await.unwrap(), 1);
    assert_eq!(stores.user_of(FamilyId(user(2).0)).await.unwrap(), None);
}

//! The suite over one file, and several processes on it.

use std::sync::Arc;

use domain::clock::ManualClock;
use domain::limits::Limits;
use domain::time::Micros;

use super::*;
use crate::testing::{goes_by_indexes, open};

stores::accounts_contract!(open);

#[tokio::test]
async fn every_statement_goes_by_an_index() {
    goes_by_indexes(sql::ALL).await;
}

/// Two processes on one file see one account each address.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_on_one_file_agree_whose_address_it_is() {
    let clock = Arc::new(ManualClock::at(Micros(1_700_000_000_000_000)));
    let (folder, first) = open(clock.clone()).await;
    drop(first);
    let email: Email = "u1@example.org".parse().unwrap();
    let callers = (1..=8).map(|number: u8| {
        let (path, clock, email) = (folder.path().join("outhaul.db"), clock.clone(), email.clone());
        let id: UserId = format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap();
        tokio::spawn(async move {
            let stores = SqliteStores::open(&path, clock, Limits::default()).await.unwrap();
            (id, stores.create_account(id, &email, "hash").await.unwrap())
        })
    });
    let callers: Vec<_> = callers.collect();
    let mut created = Vec::new();
    for caller in callers {
        created.push(caller.await.unwrap());
    }
    let winners: Vec<_> = created.iter().filter(|(_, created)| *created == AccountCreated::New).collect();
    assert_eq!(winners.len(), 1, "{created:?}");
    let holder = winners[0].0;
    assert!(created.iter().all(|(id, created)| *id == holder || *created == AccountCreated::EmailTaken(holder)));
}

//! What every store of accounts must do.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use domain::ids::FamilyId;
use domain::people::Email;
use domain::refresh::{Family, Presented};
use domain::time::Micros;
use futures::future::try_join_all;

use super::{Checked, START, World, user};
use crate::{Account, AccountCreated, Accounts, StoreError};

/// Runs the suite: `$make` turns a clock into a store without accounts and something to keep meanwhile.
#[macro_export]
macro_rules! accounts_contract {
    ($make:expr $(, if $there:expr)?) => {
        $crate::contract_tests!(accounts_contract, $crate::contract::accounts, $make $(, if $there)?;
            an_address_is_of_one_account case_makes_no_other_address an_account_goes_with_its_families
            a_new_password_ends_every_login families_end a_family_runs_out a_rotation_happens_once
            of_many_rotations_one_happens);
    };
}

const LIFE_SECONDS: u64 = 30 * 86_400;

fn email(text: &str) -> Email {
    text.parse().expect("the tests use good addresses")
}

fn family(number: u32, of: u32) -> Family {
    Family {
        id: FamilyId(user(number).0),
        user: user(of),
        generation: 0,
        secret_sha256: [number as u8; 32],
        rotation: None,
        began_at: START,
        expires_at: START.plus_seconds(LIFE_SECONDS),
    }
}

fn rotated(family: &Family, secret: u8, nonce: Option<u8>) -> Family {
    let (generation, secret_sha256) = (family.generation, family.secret_sha256);
    let presented = Presented { generation, secret_sha256, nonce_sha256: nonce.map(|nonce| [nonce; 32]) };
    family.rotated(&presented, [secret; 32], START.plus(7))
}

impl<A: Accounts, K> World<A, K> {
    /// A store with the accounts of users 1 to `users`.
    async fn with_accounts(make: impl AsyncFn(Arc<dyn Clock>) -> (K, A), users: u32) -> Result<Self, StoreError> {
        let world = Self::new(make).await;
        for number in 1..=users {
            let email = email(&format!("u{number}@example.org"));
            assert_eq!(world.store.create_account(user(number), &email, "hash").await?, AccountCreated::New);
        }
        Ok(world)
    }

    async fn has(&self, number: u32) -> Result<bool, StoreError> {
        Ok(self.store.family(FamilyId(user(number).0)).await?.is_some())
    }

    fn now_is(&self, now: Micros) {
        self.clock.step_to(now);
    }
}

/// A second creation by the same user is known, by another one refused; neither changes what is there.
pub async fn an_address_is_of_one_account<A: Accounts, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, A)) -> Checked {
    let world = World::new(make).await;
    let (accounts, address) = (&world.store, email("u1@example.org"));
    assert_eq!((accounts.account(user(1)).await?, accounts.account_of(&address).await?), (None, None));
    assert_eq!(accounts.create_account(user(1), &address, "one").await?, AccountCreated::New);
    world.now_is(START.plus(1));
    assert_eq!(accounts.create_account(user(1), &address, "two").await?, AccountCreated::Known);
    assert_eq!(accounts.create_account(user(2), &address, "two").await?, AccountCreated::EmailTaken(user(1)));
    assert!(accounts.create_account(user(1), &email("other@example.org"), "two").await.is_err(), "a second address");
    let known = Account {
        id: user(1),
        email: address.clone(),
        password_hash: "one".to_owned(),
        profile: "{}".to_owned(),
        created_at: START,
    };
    assert_eq!(accounts.account(user(1)).await?.as_ref(), Some(&known));
    assert_eq!(accounts.account_of(&address).await?, Some(known));
    assert_eq!(accounts.account(user(2)).await?, None);
    Ok(())
}

/// An address is written as it was given, and found however it is written.
pub async fn case_makes_no_other_address<A: Accounts, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, A)) -> Checked {
    let world = World::new(make).await;
    let accounts = &world.store;
    accounts.create_account(user(1), &email("U.One@Example.org"), "hash").await?;
    for spelling in ["u.one@example.org", "U.ONE@EXAMPLE.ORG", "U.One@example.org"] {
        let found = accounts.account_of(&email(spelling)).await?.expect("it is the same address");
        assert_eq!((found.id, found.email.as_str()), (user(1), "U.One@example.org"));
        let again = accounts.create_account(user(2), &email(spelling), "hash").await?;
        assert_eq!(again, AccountCreated::EmailTaken(user(1)));
        assert_eq!(accounts.create_account(user(1), &email(spelling), "hash").await?, AccountCreated::Known);
    }
    assert_eq!(accounts.account_of(&email("uone@example.org")).await?, None);
    Ok(())
}

/// Nothing is left of a deleted account, and its address is free.
pub async fn an_account_goes_with_its_families<A: Accounts, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, A),
) -> Checked {
    let world = World::with_accounts(make, 2).await?;
    let (accounts, address) = (&world.store, email("u1@example.org"));
    for (number, of) in [(1, 1), (2, 1), (3, 2)] {
        assert!(accounts.begin_family(&family(number, of)).await?);
    }
    assert!(accounts.delete_account(user(1)).await?);
    assert!(!accounts.delete_account(user(1)).await?);
    assert_eq!((accounts.account(user(1)).await?, accounts.account_of(&address).await?), (None, None));
    assert_eq!([world.has(1).await?, world.has(2).await?, world.has(3).await?], [false, false, true]);
    // A login that was on its way comes too late.
    assert!(!accounts.begin_family(&family(4, 1)).await?);
    assert!(!world.has(4).await?);
    assert_eq!(accounts.create_account(user(3), &address, "hash").await?, AccountCreated::New);
    Ok(())
}

/// Whoever knew the old one is signed out.
pub async fn a_new_password_ends_every_login<A: Accounts, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, A)) -> Checked {
    let world = World::with_accounts(make, 2).await?;
    for (number, of) in [(1, 1), (2, 1), (3, 2)] {
        world.store.begin_family(&family(number, of)).await?;
    }
    assert!(world.store.set_password_hash(user(1), "new").await?);
    assert!(!world.store.set_password_hash(user(9), "new").await?);
    let hash = |account: Option<Account>| account.map(|account| account.password_hash);
    assert_eq!(hash(world.store.account(user(1)).await?), Some("new".to_owned()));
    assert_eq!(hash(world.store.account(user(2)).await?), Some("hash".to_owned()));
    assert_eq!([world.has(1).await?, world.has(2).await?, world.has(3).await?], [false, false, true]);
    Ok(())
}

/// One by one, all of a user, or all.
pub async fn families_end<A: Accounts, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, A)) -> Checked {
    let world = World::with_accounts(make, 2).await?;
    let accounts = &world.store;
    for (number, of) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
        assert!(accounts.begin_family(&family(number, of)).await?);
    }
    assert!(accounts.end_family(FamilyId(user(1).0)).await?);
    assert!(!accounts.end_family(FamilyId(user(1).0)).await?);
    assert!(!accounts.rotate_family(0, &rotated(&family(1, 1), 9, None)).await?);
    assert_eq!(accounts.end_families_of(user(1)).await?, 2);
    assert_eq!(accounts.end_families_of(user(1)).await?, 0);
    assert_eq!([world.has(1).await?, world.has(2).await?, world.has(3).await?], [false; 3]);
    assert!(world.has(4).await?);
    assert!(accounts.begin_family(&family(5, 1)).await?);
    assert_eq!(accounts.end_all_families().await?, 2);
    assert_eq!([world.has(4).await?, world.has(5).await?], [false; 2]);
    Ok(())
}

/// To the microsecond, whether it is removed yet or not.
pub async fn a_family_runs_out<A: Accounts, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, A)) -> Checked {
    let world = World::with_accounts(make, 1).await?;
    let (accounts, end) = (&world.store, START.plus_seconds(LIFE_SECONDS));
    accounts.begin_family(&family(1, 1)).await?;
    let later = Family { expires_at: end.plus(1), ..family(2, 1) };
    accounts.begin_family(&later).await?;
    world.now_is(end.plus(-1));
    assert!(world.has(1).await?);
    assert_eq!(accounts.purge_families().await?, 0);
    world.clock.advance(Duration::from_micros(1));
    assert_eq!([world.has(1).await?, world.has(2).await?], [false, true]);
    assert!(!accounts.rotate_family(0, &rotated(&family(1, 1), 9, None)).await?);
    assert_eq!(accounts.purge_families().await?, 1);
    assert_eq!(accounts.purge_families().await?, 0);
    assert_eq!(accounts.family(later.id).await?, Some(later));
    Ok(())
}

/// A family is replaced as it is given, and only where it has the generation expected.
pub async fn a_rotation_happens_once<A: Accounts, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, A)) -> Checked {
    let world = World::with_accounts(make, 1).await?;
    let accounts = &world.store;
    let first = family(1, 1);
    assert!(accounts.begin_family(&first).await?);
    assert_eq!(accounts.family(first.id).await?.as_ref(), Some(&first));
    let (second, other) = (rotated(&first, 2, Some(5)), rotated(&first, 3, Some(6)));
    assert!(!accounts.rotate_family(1, &second).await?);
    assert!(accounts.rotate_family(0, &second).await?);
    assert!(!accounts.rotate_family(0, &second).await?);
    assert!(!accounts.rotate_family(0, &other).await?);
    assert_eq!(accounts.family(first.id).await?.as_ref(), Some(&second));
    let third = rotated(&second, 4, None);
    assert!(accounts.rotate_family(1, &third).await?);
    // The answer to the login was lost: its repeat does not turn the family back.
    assert!(accounts.begin_family(&first).await?);
    assert_eq!(accounts.family(first.id).await?, Some(third));
    Ok(())
}

/// Fifty callers with the same token: one of them rotates, round after round.
pub async fn of_many_rotations_one_happens<A: Accounts, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, A)) -> Checked {
    const CALLERS: u8 = 50;
    let world = World::with_accounts(make, 1).await?;
    let mut family = family(1, 1);
    world.store.begin_family(&family).await?;
    for generation in 0..3 {
        let wishes: Vec<_> = (0..CALLERS).map(|caller| rotated(&family, caller, Some(caller))).collect();
        let calls = wishes.iter().map(|next| world.store.rotate_family(generation, next));
        let done = try_join_all(calls).await?;
        let winners: Vec<_> = wishes.iter().zip(done).filter(|(_, done)| *done).map(|(next, _)| next).collect();
        assert_eq!(winners.len(), 1, "generation {generation}");
        family = world.store.family(family.id).await?.expect("it has not ended");
        assert_eq!(&family, winners[0]);
    }
    Ok(())
}

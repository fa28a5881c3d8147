//! A person comes and goes over two stores, wherever the calls to them are cut off.

mod cut;

use std::sync::Arc;

use domain::clock::{Clock, ManualClock};
use domain::ids::{Slug, UserId};
use domain::people::{Email, Role, UserState};
use domain::random::Random;
use futures::future::try_join_all;

use self::cut::{Cut, Scissors};
use super::{Checked, START, slug};
use crate::people::{Created, People};
use crate::{Accounts, Directory, StoreError};

/// Runs the suite: `$make` turns a clock into an empty directory and a store without accounts (both behind `Arc<dyn _>`),
/// and something to keep meanwhile.
#[macro_export]
macro_rules! people_contract {
    ($make:expr $(, if $there:expr)?) => {
        $crate::contract_tests!(people_contract, $crate::contract::people, $make $(, if $there)?;
            a_person_comes_whatever_is_cut_off a_person_goes_whatever_is_cut_off an_address_is_taken_until_its_user_is_gone
            a_left_account_gives_its_address_back a_creation_begun_before_takes_the_new_password
            of_many_creations_one_counts);
    };
}

/// The two stores, what cuts calls to them off, and what keeps them.
struct Stores<K> {
    directory: Cut<Arc<dyn Directory>>,
    accounts: Cut<Arc<dyn Accounts>>,
    scissors: Arc<Scissors>,
    clock: ManualClock,
    random: Counter,
    _keep: K,
}

type Made<K> = (K, Arc<dyn Directory>, Arc<dyn Accounts>);

impl<K> Stores<K> {
    async fn new(make: &impl AsyncFn(Arc<dyn Clock>) -> Made<K>) -> Self {
        let (keep, directory, accounts) = make(Arc::new(ManualClock::at(START))).await;
        let scissors = Arc::<Scissors>::default();
        Self {
            directory: Cut::new(directory, &scissors),
            accounts: Cut::new(accounts, &scissors),
            scissors,
            clock: ManualClock::at(START),
            random: Counter::default(),
            _keep: keep,
        }
    }

    fn people(&self) -> People<'_> {
        People { directory: &self.directory, accounts: &self.accounts, clock: &self.clock, random: &self.random }
    }

    async fn create(&self, password_hash: &str) -> Result<Created, StoreError> {
        self.people().create(&email(), password_hash).await
    }

    async fn state(&self, id: UserId) -> Result<Option<UserState>, StoreError> {
        Ok(self.directory.user(id).await?.map(|user| user.state))
    }

    /// The one who has the address is active, has this password, and of all others nothing but tombstones is left.
    async fn has_one_person(&self, password_hash: &str) -> Result<UserId, StoreError> {
        let account = self.accounts.account_of(&email()).await?.expect("the account is there");
        assert_eq!(account.password_hash, password_hash);
        for id in self.scissors.begun() {
            let expected = if id == account.id { UserState::Active } else { UserState::Deleted };
            assert_eq!(self.state(id).await?, Some(expected));
            assert_eq!(self.accounts.account(id).await?.is_some(), id == account.id);
        }
        Ok(account.id)
    }

    async fn has_nobody(&self) -> Checked {
        assert_eq!(self.accounts.account_of(&email()).await?, None);
        for id in self.scissors.begun() {
            assert_eq!(self.state(id).await?, Some(UserState::Deleted));
            assert_eq!(self.accounts.account(id).await?, None);
        }
        Ok(())
    }
}

fn email() -> Email {
    "u1@example.org".parse().expect("an address")
}

fn acme() -> Slug {
    slug("acme")
}

fn new_id(created: Created) -> UserId {
    match created {
        Created::New(id) => id,
        other => panic!("not new: {other:?}"),
    }
}

/// Never the same bytes twice.
#[derive(Default)]
struct Counter(std::sync::atomic::AtomicU64);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(count.iter().cycle()).for_each(|(byte, part)| *byte = *part);
    }
}

/// Cut off before or after each call to a store: the same call again makes the person, once.
pub async fn a_person_comes_whatever_is_cut_off<K>(make: impl AsyncFn(Arc<dyn Clock>) -> Made<K>) -> Checked {
    let mut cuts = 0;
    for done in [false, true] {
        for call in 1.. {
            let stores = Stores::new(&make).await;
            stores.scissors.cut(call, done);
            let cut_off = stores.create("hash").await.is_err();
            stores.scissors.put_away();
            if !cut_off {
                break;
            }
            cuts += 1;
            let created = stores.create("hash").await?;
            let id = stores.has_one_person("hash").await?;
            assert!(matches!(created, Created::New(new) | Created::EmailTaken(new) if new == id), "{created:?}");
        }
    }
    assert_eq!(cuts, 2 * 4, "each of the calls of an undisturbed creation");
    Ok(())
}

/// Cut off before or after each call to a store: the same call again leaves nothing but a tombstone.
pub async fn a_person_goes_whatever_is_cut_off<K>(make: impl AsyncFn(Arc<dyn Clock>) -> Made<K>) -> Checked {
    let mut cuts = 0;
    for done in [false, true] {
        for call in 1.. {
            let stores = Stores::new(&make).await;
            let id = new_id(stores.create("hash").await?);
            stores.directory.create_organisation(&acme()).await?;
            stores.directory.put_member(&acme(), id, Role::Admin).await?;
            stores.scissors.cut(call, done);
            let cut_off = stores.people().delete(id).await.is_err();
            stores.scissors.put_away();
            if !cut_off {
                break;
            }
            cuts += 1;
            stores.people().delete(id).await?;
            stores.has_nobody().await?;
            assert_eq!(stores.directory.members(&acme(), None, 9).await?, []);
            assert!(!stores.people().delete(id).await?, "nothing is left to delete");
            assert_ne!(new_id(stores.create("again").await?), id);
            stores.has_one_person("again").await?;
        }
    }
    assert_eq!(cuts, 2 * 2, "each of the calls of an undisturbed deletion");
    Ok(())
}

/// A disabled user keeps theirs; a deleted one does not.
pub async fn an_address_is_taken_until_its_user_is_gone<K>(make: impl AsyncFn(Arc<dyn Clock>) -> Made<K>) -> Checked {
    let stores = Stores::new(&make).await;
    let id = new_id(stores.create("hash").await?);
    assert_eq!(stores.create("other").await?, Created::EmailTaken(id));
    assert!(stores.directory.set_user_state(id, &[UserState::Active], UserState::Disabled).await?);
    assert_eq!(stores.create("other").await?, Created::EmailTaken(id));
    assert_eq!(stores.accounts.account(id).await?.map(|account| account.password_hash), Some("hash".to_owned()));
    assert_eq!(stores.scissors.begun(), [id], "a refusal leaves no tombstone");
    assert!(stores.people().delete(id).await?);
    stores.has_nobody().await?;
    assert_ne!(new_id(stores.create("other").await?), id);
    stores.has_one_person("other").await?;
    Ok(())
}

/// A deletion that ended between the two stores does not keep the address for ever.
pub async fn a_left_account_gives_its_address_back<K>(make: impl AsyncFn(Arc<dyn Clock>) -> Made<K>) -> Checked {
    let stores = Stores::new(&make).await;
    let id = new_id(stores.create("hash").await?);
    stores.scissors.cut(2, false);
    assert!(stores.people().delete(id).await.is_err());
    stores.scissors.put_away();
    assert_eq!(stores.state(id).await?, Some(UserState::Deleted));
    assert!(stores.accounts.account(id).await?.is_some());
    assert_ne!(new_id(stores.create("new").await?), id);
    stores.has_one_person("new").await?;
    // The directory lost a user whom the accounts know: that is for a human to look at.
    let other = "u2@example.org".parse().expect("an address");
    let unknown = UserId::new(START.plus(1), &stores.random);
    stores.accounts.create_account(unknown, &other, "hash").await?;
    assert_eq!(stores.people().create(&other, "new").await?, Created::EmailTaken(unknown));
    Ok(())
}

/// Whoever asks again after a crash signs in with what they gave last.
pub async fn a_creation_begun_before_takes_the_new_password<K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> Made<K>,
) -> Checked {
    let stores = Stores::new(&make).await;
    stores.scissors.cut(4, false);
    assert!(stores.create("first").await.is_err());
    stores.scissors.put_away();
    let id = new_id(stores.create("second").await?);
    assert_eq!(stores.has_one_person("second").await?, id);
    // Deleted while it was being created.
    let stores = Stores::new(&make).await;
    stores.scissors.cut(4, false);
    assert!(stores.create("first").await.is_err());
    stores.scissors.put_away();
    let begun = stores.scissors.begun()[0];
    assert!(stores.people().delete(begun).await?);
    stores.has_nobody().await?;
    assert_ne!(new_id(stores.create("second").await?), begun);
    stores.has_one_person("second").await?;
    Ok(())
}

/// Whatever many callers do at once, there is one person.
pub async fn of_many_creations_one_counts<K>(make: impl AsyncFn(Arc<dyn Clock>) -> Made<K>) -> Checked {
    let stores = Stores::new(&make).await;
    let created = try_join_all((0..20).map(|_| stores.create("hash"))).await?;
    let id = stores.has_one_person("hash").await?;
    assert_eq!(created.iter().filter(|created| **created == Created::New(id)).count(), 1);
    assert!(created.iter().all(|created| {
        matches!(created, Created::New(of) | Created::Known(of) | Created::EmailTaken(of) if *of == id)
    }));
    Ok(())
}

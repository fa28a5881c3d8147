//! What every store of memberships must do; it is a directory, too, since users are looked up there.

use std::sync::Arc;

use domain::clock::Clock;
use domain::ids::MembershipId;
use domain::membership::{BillingInterval, Membership, MembershipState, PaymentMethod};
use domain::people::UserState;
use domain::time::Day;

use super::{Checked, World, user};
use crate::memberships::MEMBERSHIPS_PER_USER_LIMIT;
use crate::{Directory, Memberships, MembershipsImported, StoreError};

/// Runs the suite: `$make` turns a clock into an empty store and something to keep meanwhile.
#[macro_export]
macro_rules! memberships_contract {
    ($make:expr $(, if $there:expr)?) => {
        $crate::contract_tests!(memberships_contract, $crate::contract::memberships, $make $(, if $there)?;
            memberships_are_read_as_they_were_written an_import_replaces_what_is_there
            an_import_is_all_or_nothing pages_go_by_first_day_and_id a_user_has_a_limit);
    };
}

/// Users 1 and 2 are there, 3 is deleted.
async fn world<S: Directory + Memberships, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, S),
) -> Result<World<S, K>, StoreError> {
    let world = World::new(make).await;
    for number in 1..=3 {
        world.store.begin_user(user(number), &[number as u8; 32]).await?;
    }
    world.store.set_user_state(user(1), &[UserState::Creating], UserState::Active).await?;
    world.store.set_user_state(user(3), &[UserState::Creating], UserState::Deleted).await?;
    Ok(world)
}

fn membership(number: u32, of: u32, valid_from: i32) -> Membership {
    Membership {
        id: MembershipId(user(number).0),
        name: format!("Chess Club \u{2013} \"{number}\""),
        user: user(of),
        recurring_price_hundredths: 1_250,
        currency: "EUR".parse().expect("a currency"),
        valid_from: Day(valid_from),
        valid_until: Some(Day(valid_from + 30)),
        state: MembershipState::Active,
        payment_method: PaymentMethod::Sepa,
        billing_interval: BillingInterval::Monthly,
        billing_periods: 12,
    }
}

const fn done(new: u64, replaced: u64) -> MembershipsImported {
    MembershipsImported::Done { new, replaced }
}

/// All fields at their ends and in all their names; only the ids given are ever seen.
pub async fn memberships_are_read_as_they_were_written<S: Directory + Memberships, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, S),
) -> Checked {
    let world = world(make).await?;
    let mut rows = vec![
        Membership { valid_from: Day::MIN, valid_until: None, ..membership(1, 1, 0) },
        Membership { recurring_price_hundredths: i64::MAX, billing_periods: u32::MAX, ..membership(2, 1, 1) },
        Membership { valid_from: Day::MAX, valid_until: Some(Day::MAX), ..membership(90, 1, 0) },
    ];
    let names = |name: &'static str| name.parse().ok();
    for (number, state) in (3..).zip(MembershipState::NAMES) {
        rows.insert(rows.len() - 1, Membership { state: names(state).expect("its name"), ..membership(number, 1, 2) });
    }
    for (number, method) in (10..).zip(PaymentMethod::NAMES) {
        let payment_method = method.parse().expect("its name");
        rows.insert(rows.len() - 1, Membership { payment_method, ..membership(number, 1, 2) });
    }
    for (number, interval) in (20..).zip(BillingInterval::NAMES) {
        let billing_interval = interval.parse().expect("its name");
        rows.insert(rows.len() - 1, Membership { billing_interval, ..membership(number, 1, 2) });
    }
    assert_eq!(world.store.import_memberships(rows.clone()).await?, done(rows.len() as u64, 0));
    assert_eq!(world.store.memberships_of(user(1)).await?, rows);
    assert_eq!(world.store.memberships_of(user(2)).await?, []);
    assert_eq!(world.store.memberships_of(user(9)).await?, []);
    Ok(())
}

/// The same id and user is the same membership; a repeat changes nothing.
pub async fn an_import_replaces_what_is_there<S: Directory + Memberships, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, S),
) -> Checked {
    let world = world(make).await?;
    let rows = vec![membership(1, 1, 5), membership(2, 1, 6), membership(3, 2, 7)];
    assert_eq!(world.store.import_memberships(Vec::new()).await?, done(0, 0));
    assert_eq!(world.store.import_memberships(rows.clone()).await?, done(3, 0));
    assert_eq!(world.store.import_memberships(rows).await?, done(0, 3));
    let changed = Membership { name: "Go".to_owned(), valid_until: None, ..membership(1, 1, 9) };
    let next = vec![changed.clone(), membership(4, 1, 8)];
    assert_eq!(world.store.import_memberships(next).await?, done(1, 1));
    let expected = [membership(2, 1, 6), membership(4, 1, 8), changed];
    assert_eq!(world.store.memberships_of(user(1)).await?, expected);
    assert_eq!(world.store.memberships_of(user(2)).await?, [membership(3, 2, 7)]);
    Ok(())
}

/// A row that cannot be taken is named by its index, and none of the others is there.
pub async fn an_import_is_all_or_nothing<S: Directory + Memberships, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, S),
) -> Checked {
    use MembershipsImported::{NoUser, OfAnotherUser};
    let world = world(make).await?;
    world.store.import_memberships(vec![membership(1, 1, 5)]).await?;
    let changed = Membership { name: "changed".to_owned(), ..membership(1, 1, 5) };
    for (bad, refused) in [
        (membership(1, 2, 5), OfAnotherUser(2)),
        (membership(7, 2, 5), OfAnotherUser(2)),
        (membership(8, 9, 5), NoUser(2)),
        (membership(8, 3, 5), NoUser(2)),
    ] {
        let rows = vec![changed.clone(), membership(7, 1, 6), bad, membership(9, 1, 6)];
        assert_eq!(world.store.import_memberships(rows).await?, refused);
        assert_eq!(world.store.memberships_of(user(1)).await?, [membership(1, 1, 5)]);
        assert_eq!(world.store.memberships_of(user(2)).await?, []);
    }
    // What a user had stays when they are deleted, but no more comes.
    world.store.set_user_state(user(1), &[UserState::Active], UserState::Deleted).await?;
    assert_eq!(world.store.memberships_of(user(1)).await?.len(), 1);
    assert_eq!(world.store.import_memberships(vec![membership(2, 1, 5)]).await?, NoUser(0));
    Ok(())
}

/// Rows of one first day go by their ids, over the ends of pages, too.
pub async fn pages_go_by_first_day_and_id<S: Directory + Memberships, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, S),
) -> Checked {
    let world = world(make).await?;
    let places = [(9, -3), (2, 4), (5, 4), (6, 4), (8, 4), (1, 7), (3, 7), (4, 8)];
    let expected: Vec<_> = places.iter().map(|(number, day)| membership(*number, 1, *day)).collect();
    let mut rows = expected.clone();
    rows.sort_by_key(|row| row.id);
    rows.push(membership(7, 2, 4));
    world.store.import_memberships(rows).await?;
    assert_eq!(world.store.memberships_of(user(1)).await?, expected);
    for limit in 1..=9 {
        let mut found = Vec::new();
        loop {
            let page = world.store.memberships_page(user(1), found.last(), limit).await?;
            assert!(page.len() <= limit as usize);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, expected, "pages of {limit}");
    }
    assert_eq!(world.store.memberships_page(user(2), None, 9).await?, [membership(7, 2, 4)]);
    Ok(())
}

/// What is over the limit is refused by its index; what is there can still be replaced.
pub async fn a_user_has_a_limit<S: Directory + Memberships, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, S),
) -> Checked {
    let world = world(make).await?;
    let full: Vec<_> = (0..MEMBERSHIPS_PER_USER_LIMIT).map(|number| membership(number, 1, 0)).collect();
    assert_eq!(world.store.import_memberships(full.clone()).await?, done(full.len() as u64, 0));
    let over = vec![membership(0, 1, 5), membership(u32::MAX, 1, 0)];
    assert_eq!(world.store.import_memberships(over).await?, MembershipsImported::TooMany(1));
    assert_eq!(
        world.store.import_memberships(vec![membership(0, 1, -1), membership(u32::MAX, 2, 0)]).await?,
        done(1, 1)
    );
    assert_eq!(world.store.memberships_of(user(1)).await?.len(), full.len());
    Ok(())
}

//! What every adapter must do; it runs the suites by [`jobs_contract!`](crate::jobs_contract),
//! [`directory_contract!`](crate::directory_contract), [`accounts_contract!`](crate::accounts_contract),
//! [`memberships_contract!`](crate::memberships_contract), [`audit_contract!`](crate::audit_contract) and
//! [`people_contract!`](crate::people_contract).

pub mod accounts;
pub mod audit;
pub mod directory;
pub mod jobs;
pub mod memberships;
pub mod people;

use std::sync::Arc;

use domain::clock::{Clock, ManualClock};
use domain::ids::{Slug, UserId};
use domain::random::{Random, uuid_v7};
use domain::time::Micros;

use crate::StoreError;

/// Makes a test of each named check of a module, over what `$make` gives (`await` is possible in it). Where `$there` is false
/// the engine behind it is missing, and the tests pass.
#[macro_export]
macro_rules! contract_tests {
    ($name:ident, $module:path, $make:expr $(, if $there:expr)?; $($check:ident)*) => {
        $crate::contract_tests!(@ $name, $module, $make, [$($there)?]; $($check)*);
    };
    (@ $name:ident, $module:path, $make:expr, $there:tt; $($check:ident)*) => {
        mod $name {
            use super::*;

            $(#[tokio::test]
            async fn $check() {
                use $module as contract;
                $crate::leave_unless!($there);
                contract::$check($make).await.expect("the store answers");
            })*
        }
    };
}

/// Ends a test where an engine is missing.
#[doc(hidden)]
#[macro_export]
macro_rules! leave_unless {
    ([]) => {};
    ([$there:expr]) => {
        if !$there {
            return;
        }
    };
}

/// What a check answers: the store's own failures end it.
type Checked = Result<(), StoreError>;

/// The time of a fresh store.
const START: Micros = Micros(1_700_000_000_000_000);

/// A store, its clock, and what keeps it.
struct World<S, K> {
    store: S,
    clock: Arc<ManualClock>,
    _keep: K,
}

impl<S, K> World<S, K> {
    async fn new(make: impl AsyncFn(Arc<dyn Clock>) -> (K, S)) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let (keep, store) = make(clock.clone()).await;
        Self { store, clock, _keep: keep }
    }
}

fn slug(text: &str) -> Slug {
    text.parse().expect("the tests use good slugs")
}

/// Ids that sort by their number.
fn user(number: u32) -> UserId {
    UserId(uuid_v7(Micros(i64::from(number) * 1_000), &Zeros))
}

struct Zeros;

impl Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

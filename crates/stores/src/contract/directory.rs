//! What every directory must do.

use std::sync::Arc;

use domain::clock::{Clock, ManualClock};
use domain::ids::Slug;
use domain::time::Micros;

use crate::{Directory, Organisation, StoreError};

/// Runs the suite: `$make` turns a clock into an empty directory and something to keep meanwhile.
#[macro_export]
macro_rules! directory_contract {
    ($make:expr) => {
        $crate::contract_tests!(directory_contract, $crate::contract::directory, $make;
            an_organisation_is_created_once organisations_are_paged);
    };
}

/// The time of a fresh directory.
const START: Micros = Micros(1_700_000_000_000_000);

fn slug(text: &str) -> Slug {
    text.parse().expect("the tests use good slugs")
}

/// A second creation changes nothing.
pub async fn an_organisation_is_created_once<D: Directory, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, D),
) -> Result<(), StoreError> {
    let clock = Arc::new(ManualClock::at(START));
    let (_keep, directory) = make(clock.clone()).await;
    assert_eq!(directory.organisation(&slug("acme")).await?, None);
    assert!(directory.create_organisation(&slug("acme")).await?);
    clock.step_to(START.plus(1));
    assert!(!directory.create_organisation(&slug("acme")).await?);
    let known = Organisation { slug: slug("acme"), created_at: START };
    assert_eq!(directory.organisation(&slug("acme")).await?, Some(known));
    assert_eq!(directory.organisation(&slug("acm")).await?, None);
    Ok(())
}

/// By slug, each once over all pages.
pub async fn organisations_are_paged<D: Directory, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, D),
) -> Result<(), StoreError> {
    let (_keep, directory) = make(Arc::new(ManualClock::at(START))).await;
    for name in ["c", "a", "a-b", "b"] {
        directory.create_organisation(&slug(name)).await?;
    }
    let mut found = Vec::new();
    loop {
        let page = directory.organisations(found.last(), 3).await?;
        found.extend(page.iter().map(|organisation| organisation.slug.clone()));
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(found, ["a", "a-b", "b", "c"].map(slug));
    assert_eq!(directory.organisations(None, 0).await?, []);
    Ok(())
}

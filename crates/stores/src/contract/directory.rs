//! What every directory must do.

mod members;
mod tokens;
mod users;

use std::sync::Arc;

use domain::clock::Clock;
use domain::ids::{Slug, UserId};
use domain::people::{Role, UserState};

use super::{Checked, START, World, slug, user};
use crate::{Directory, Organisation, StoreError};

pub use self::members::{
    a_role_is_for_active_users_only, an_organisation_keeps_an_admin, members_are_paged, members_are_put_and_removed,
    organisations_of_a_user_are_listed,
};
pub use self::tokens::{a_token_is_revoked, tokens_are_of_their_organisation};
pub use self::users::{a_creation_is_gone_on_with, a_deleted_user_stays_deleted, states_move_only_from_those_named};

/// Runs the suite: `$make` turns a clock into an empty directory and something to keep meanwhile.
#[macro_export]
macro_rules! directory_contract {
    ($make:expr $(, if $there:expr)?) => {
        $crate::contract_tests!(directory_contract, $crate::contract::directory, $make $(, if $there)?;
            an_organisation_is_created_once organisations_are_paged
            a_creation_is_gone_on_with states_move_only_from_those_named a_deleted_user_stays_deleted
            members_are_put_and_removed an_organisation_keeps_an_admin a_role_is_for_active_users_only
            members_are_paged organisations_of_a_user_are_listed
            tokens_are_of_their_organisation a_token_is_revoked);
    };
}

impl<D: Directory, K> World<D, K> {
    /// A directory with organisations and active users 1 to `users`.
    async fn peopled(
        make: impl AsyncFn(Arc<dyn Clock>) -> (K, D),
        organisations: &[&str],
        users: u32,
    ) -> Result<Self, StoreError> {
        let world = Self::new(make).await;
        for name in organisations {
            world.store.create_organisation(&slug(name)).await?;
        }
        for number in 1..=users {
            world.active(number).await?;
        }
        Ok(world)
    }

    async fn active(&self, number: u32) -> Result<UserId, StoreError> {
        let id = self.store.begin_user(user(number), &key(number)).await?;
        assert_eq!(id, user(number));
        assert!(self.store.set_user_state(id, &[UserState::Creating], UserState::Active).await?);
        Ok(id)
    }

    async fn state(&self, number: u32) -> Result<Option<UserState>, StoreError> {
        Ok(self.store.user(user(number)).await?.map(|user| user.state))
    }

    async fn role_of(&self, organisation: &str, number: u32) -> Result<Option<Role>, StoreError> {
        self.store.role(&slug(organisation), user(number)).await
    }
}

/// The key of a creation.
fn key(number: u32) -> [u8; 32] {
    [number as u8; 32]
}

/// A second creation changes nothing.
pub async fn an_organisation_is_created_once<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    let world = World::new(make).await;
    let directory = &world.store;
    assert_eq!(directory.organisation(&slug("acme")).await?, None);
    assert!(directory.create_organisation(&slug("acme")).await?);
    world.clock.step_to(START.plus(1));
    assert!(!directory.create_organisation(&slug("acme")).await?);
    let known = Organisation { slug: slug("acme"), created_at: START };
    assert_eq!(directory.organisation(&slug("acme")).await?, Some(known));
    assert_eq!(directory.organisation(&slug("acm")).await?, None);
    directory.ping_directory().await
}

/// By slug, each once over all pages.
pub async fn organisations_are_paged<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    let world = World::new(make).await;
    for name in ["c", "a", "a-b", "b"] {
        world.store.create_organisation(&slug(name)).await?;
    }
    let mut found = Vec::<Slug>::new();
    loop {
        let page = world.store.organisations(found.last(), 3).await?;
        found.extend(page.iter().map(|organisation| organisation.slug.clone()));
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(found, ["a", "a-b", "b", "c"].map(slug));
    assert_eq!(world.store.organisations(None, 0).await?, []);
    Ok(())
}

//! Users come, change, and never come back.

use super::*;
use crate::{MemberChange, User};

/// Whoever begins a creation under a key again gets the id that it was begun with, until it is over.
pub async fn a_creation_is_gone_on_with<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    let world = World::new(make).await;
    let directory = &world.store;
    assert_eq!(directory.user(user(1)).await?, None);
    assert_eq!(directory.begin_user(user(1), &key(1)).await?, user(1));
    world.clock.step_to(START.plus(1));
    assert_eq!(directory.begin_user(user(2), &key(1)).await?, user(1));
    assert_eq!(directory.begin_user(user(1), &key(1)).await?, user(1));
    let known = User { id: user(1), state: UserState::Creating, created_at: START };
    assert_eq!((directory.user(user(1)).await?, directory.user(user(2)).await?), (Some(known), None));
    assert_eq!(directory.begin_user(user(3), &key(3)).await?, user(3));
    assert!(directory.begin_user(user(3), &key(4)).await.is_err(), "an id in use is no new user");

    assert!(directory.set_user_state(user(1), &[UserState::Creating], UserState::Active).await?);
    assert!(directory.set_user_state(user(3), &[UserState::Creating], UserState::Deleted).await?);
    assert_eq!(directory.begin_user(user(5), &key(1)).await?, user(5));
    assert_eq!(directory.begin_user(user(6), &key(3)).await?, user(6));
    Ok(())
}

/// A user who is in none of the states named stays as they are.
pub async fn states_move_only_from_those_named<D: Directory, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, D),
) -> Checked {
    use UserState::{Active, Creating, Deleted, Disabled};
    let world = World::peopled(make, &[], 1).await?;
    let directory = &world.store;
    assert!(!directory.set_user_state(user(1), &[Disabled, Creating], Deleted).await?);
    assert!(!directory.set_user_state(user(1), &[], Deleted).await?);
    assert!(!directory.set_user_state(user(9), &[Active], Disabled).await?);
    assert_eq!(world.state(1).await?, Some(Active));
    assert!(directory.set_user_state(user(1), &[Active, Creating], Disabled).await?);
    assert_eq!(world.state(1).await?, Some(Disabled));
    assert!(directory.set_user_state(user(1), &[Disabled], Active).await?);
    assert_eq!((world.state(1).await?, world.state(9).await?), (Some(Active), None));
    Ok(())
}

/// The tombstone stays, without any place in an organisation.
pub async fn a_deleted_user_stays_deleted<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    use UserState::{Active, Creating, Deleted, Disabled};
    let world = World::peopled(make, &["a", "b"], 2).await?;
    let directory = &world.store;
    for (name, number) in [("a", 1), ("b", 1), ("a", 2)] {
        directory.put_member(&slug(name), user(number), Role::Admin).await?;
    }
    assert!(directory.set_user_state(user(1), &[Creating, Active, Disabled], Deleted).await?);
    assert!(!directory.set_user_state(user(1), &[Creating, Active, Disabled], Deleted).await?);
    assert!(!directory.set_user_state(user(1), &[Deleted], Active).await?);
    assert_eq!(world.state(1).await?, Some(Deleted));
    assert_eq!((world.role_of("a", 1).await?, directory.organisations_of(user(1), 9).await?), (None, vec![]));
    let members = directory.members(&slug("a"), None, 9).await?;
    assert_eq!(members.iter().map(|member| member.user).collect::<Vec<_>>(), [user(2)]);
    assert_eq!(directory.members(&slug("b"), None, 9).await?, []);
    assert_eq!(directory.put_member(&slug("a"), user(1), Role::Member).await?, MemberChange::NotThere);
    assert!(directory.begin_user(user(1), &key(7)).await.is_err(), "an id is used once");
    Ok(())
}

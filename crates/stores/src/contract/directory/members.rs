//! Who belongs where.

use super::*;
use crate::{Member, MemberChange};

/// Adding, changing and removing say what came of it; `since` stays that of the first time.
pub async fn members_are_put_and_removed<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    use MemberChange::{Changed, NotThere, Unchanged};
    let world = World::peopled(make, &["a", "b"], 2).await?;
    let (directory, a) = (&world.store, &slug("a"));
    assert_eq!(directory.put_member(a, user(1), Role::Member).await?, Changed);
    world.clock.step_to(START.plus(5));
    assert_eq!(directory.put_member(a, user(1), Role::Member).await?, Unchanged);
    assert_eq!(directory.put_member(a, user(1), Role::Admin).await?, Changed);
    let known = Member { user: user(1), role: Role::Admin, since: START };
    assert_eq!(directory.members(a, None, 9).await?, [known]);
    assert_eq!(directory.put_member(&slug("c"), user(1), Role::Admin).await?, NotThere);
    assert_eq!(directory.put_member(a, user(9), Role::Admin).await?, NotThere);
    assert_eq!(directory.remove_member(&slug("b"), user(1)).await?, NotThere);
    assert_eq!(directory.remove_member(a, user(2)).await?, NotThere);
    assert_eq!(directory.put_member(a, user(2), Role::Member).await?, Changed);
    assert_eq!(directory.remove_member(a, user(2)).await?, Changed);
    assert_eq!(directory.remove_member(a, user(2)).await?, NotThere);
    assert_eq!((world.role_of("a", 1).await?, world.role_of("b", 1).await?), (Some(Role::Admin), None));
    Ok(())
}

/// Neither a change of role nor a removal leaves an organisation without an admin who can sign in.
pub async fn an_organisation_keeps_an_admin<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    use MemberChange::{Changed, LastAdmin, Unchanged};
    let world = World::peopled(make, &["a", "b"], 3).await?;
    let (directory, a) = (&world.store, &slug("a"));
    for (name, number, role) in [("a", 1, Role::Admin), ("a", 2, Role::Member), ("b", 3, Role::Admin)] {
        assert_eq!(directory.put_member(&slug(name), user(number), role).await?, Changed);
    }
    assert_eq!(directory.put_member(a, user(1), Role::Member).await?, LastAdmin);
    assert_eq!(directory.remove_member(a, user(1)).await?, LastAdmin);
    assert_eq!(directory.put_member(a, user(1), Role::Admin).await?, Unchanged);
    assert_eq!(world.role_of("a", 1).await?, Some(Role::Admin));
    // An admin who cannot sign in is none.
    assert_eq!(directory.put_member(a, user(2), Role::Admin).await?, Changed);
    assert!(directory.set_user_state(user(2), &[UserState::Active], UserState::Disabled).await?);
    assert_eq!(directory.remove_member(a, user(1)).await?, LastAdmin);
    assert!(directory.set_user_state(user(2), &[UserState::Disabled], UserState::Active).await?);
    assert_eq!(directory.put_member(a, user(1), Role::Member).await?, Changed);
    assert_eq!(directory.remove_member(a, user(1)).await?, Changed);
    assert_eq!(directory.remove_member(a, user(2)).await?, LastAdmin);
    Ok(())
}

/// A disabled user has a place, but no role.
pub async fn a_role_is_for_active_users_only<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    use UserState::{Active, Creating, Disabled};
    let world = World::peopled(make, &["a"], 0).await?;
    let directory = &world.store;
    directory.begin_user(user(1), &key(1)).await?;
    assert_eq!(directory.put_member(&slug("a"), user(1), Role::Member).await?, MemberChange::Changed);
    assert_eq!(world.role_of("a", 1).await?, None);
    for (from, to, role) in
        [(Creating, Active, Some(Role::Member)), (Active, Disabled, None), (Disabled, Active, Some(Role::Member))]
    {
        assert!(directory.set_user_state(user(1), &[from], to).await?);
        assert_eq!(world.role_of("a", 1).await?, role, "{to:?}");
        assert_eq!(directory.members(&slug("a"), None, 9).await?.len(), 1);
    }
    Ok(())
}

/// By user id, each once over all pages.
pub async fn members_are_paged<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    let world = World::peopled(make, &["a", "a-b"], 7).await?;
    for number in [5, 3, 7, 1, 2, 6] {
        world.store.put_member(&slug("a"), user(number), Role::Member).await?;
    }
    world.store.put_member(&slug("a-b"), user(4), Role::Member).await?;
    let mut found = Vec::new();
    loop {
        let page = world.store.members(&slug("a"), found.last().copied(), 2).await?;
        if page.is_empty() {
            break;
        }
        found.extend(page.iter().map(|member| member.user));
    }
    assert_eq!(found, [1, 2, 3, 5, 6, 7].map(user));
    assert_eq!(world.store.members(&slug("nobody"), None, 9).await?, []);
    Ok(())
}

/// By slug, as many as asked.
pub async fn organisations_of_a_user_are_listed<D: Directory, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, D),
) -> Checked {
    let world = World::peopled(make, &["c", "a", "b"], 2).await?;
    for (name, role) in [("c", Role::Member), ("a", Role::Admin), ("b", Role::Member)] {
        world.store.put_member(&slug(name), user(1), role).await?;
    }
    let expected = [(slug("a"), Role::Admin), (slug("b"), Role::Member), (slug("c"), Role::Member)];
    assert_eq!(world.store.organisations_of(user(1), 9).await?, expected);
    assert_eq!(world.store.organisations_of(user(1), 2).await?, expected[..2]);
    assert_eq!(world.store.organisations_of(user(2), 9).await?, []);
    assert_eq!(world.store.organisations_of(user(9), 9).await?, []);
    Ok(())
}

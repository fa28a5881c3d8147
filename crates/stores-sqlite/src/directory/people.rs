//! Users and members, inside a transaction.

use domain::ids::{Slug, UserId};
use domain::people::{Role, UserState};
use domain::time::Micros;
use rusqlite::{Transaction, params};
use stores::{Member, MemberChange, StoreError, User};

use super::sql;
use crate::rows::{many, one, parse, run, value};

/// A user's integer key and state.
pub(crate) fn key_of(tx: &Transaction<'_>, id: UserId) -> Result<Option<(i64, UserState)>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    let found = one(tx, sql::USER_KEY, [id.to_string()], read, "look a user up")?;
    found.map(|(key, state)| Ok((key, parse("a user", &state)?))).transpose()
}

/// The integer key of a user who is not deleted.
pub(crate) fn key_of_living(tx: &Transaction<'_>, id: UserId) -> Result<Option<i64>, StoreError> {
    Ok(key_of(tx, id)?.filter(|(_, state)| *state != UserState::Deleted).map(|(key, _)| key))
}

pub(super) fn begin(tx: &Transaction<'_>, id: UserId, key: &[u8; 32], now: Micros) -> Result<UserId, StoreError> {
    if let Some(begun) = value::<String>(tx, sql::BEGUN, [key], "begin a user")? {
        return parse("a user", &begun);
    }
    run(tx, sql::BEGIN_USER, params![id.to_string(), key, now.0], "begin a user")?;
    Ok(id)
}

pub(super) fn user(tx: &Transaction<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
    let found = one(tx, sql::USER, [id.to_string()], read, "look a user up")?;
    let user = |(state, at): (String, i64)| Ok(User { id, state: parse("a user", &state)?, created_at: Micros(at) });
    found.map(user).transpose()
}

pub(super) fn set_state(
    tx: &Transaction<'_>,
    id: UserId,
    from: &[UserState],
    to: UserState,
) -> Result<bool, StoreError> {
    let moves = |state: &UserState| *state != UserState::Deleted && from.contains(state);
    let Some((key, _)) = key_of(tx, id)?.filter(|(_, state)| moves(state)) else { return Ok(false) };
    run(tx, sql::SET_STATE, params![key, to.name()], "change a user")?;
    if to == UserState::Deleted {
        run(tx, sql::LEAVE_ALL, [key], "remove a user from organisations")?;
    }
    Ok(true)
}

/// Gives a user the role in an organisation, or none.
pub(super) fn set_role(
    tx: &Transaction<'_>,
    organisation: &Slug,
    user: UserId,
    asked: Option<Role>,
    now: Micros,
) -> Result<MemberChange, StoreError> {
    let slug = organisation.as_str();
    let is_there = value::<i64>(tx, sql::ORGANISATION, [slug], "look an organisation up")?.is_some();
    let Some(key) = key_of_living(tx, user)?.filter(|_| is_there) else { return Ok(MemberChange::NotThere) };
    let current: Option<String> = value(tx, sql::MEMBER, params![slug, key], "look a member up")?;
    let current = current.map(|role| parse("a member", &role)).transpose()?;
    let other_admin = || Ok(value(tx, sql::OTHER_ADMIN, params![slug, key], "look for an admin")?.unwrap_or(false));
    let change = MemberChange::judge(current, asked, other_admin)?;
    if change == MemberChange::Changed {
        match asked {
            Some(role) => run(tx, sql::PUT_MEMBER, params![slug, key, role.name(), now.0], "put a member")?,
            None => run(tx, sql::REMOVE_MEMBER, params![slug, key], "remove a member")?,
        };
    }
    Ok(change)
}

pub(super) fn role(tx: &Transaction<'_>, organisation: &str, user: UserId) -> Result<Option<Role>, StoreError> {
    let role: Option<String> = value(tx, sql::ROLE, [organisation, &user.to_string()], "look a role up")?;
    role.map(|role| parse("a member", &role)).transpose()
}

pub(super) fn members(
    tx: &Transaction<'_>,
    organisation: &str,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    // No id is empty, so all come after that.
    let after = after.map_or(String::new(), |id| id.to_string());
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?));
    let found = many(tx, sql::MEMBERS, params![organisation, after, limit], read, "list members")?;
    let member = |(user, role, since): (String, String, i64)| {
        Ok(Member { user: parse("a member", &user)?, role: parse("a member", &role)?, since: Micros(since) })
    };
    found.into_iter().map(member).collect()
}

pub(super) fn organisations_of(
    tx: &Transaction<'_>,
    user: UserId,
    limit: u32,
) -> Result<Vec<(Slug, Role)>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let found = many(tx, sql::ORGANISATIONS_OF, params![user.to_string(), limit], read, "list organisations")?;
    found.iter().map(|(slug, role)| Ok((parse("an organisation", slug)?, parse("a member", role)?))).collect()
}

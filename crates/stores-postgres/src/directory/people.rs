//! Users and members, inside a transaction.

use domain::ids::{Slug, UserId};
use domain::people::{Role, UserState};
use domain::time::Micros;
use postgres::sqlx::query;
use postgres::{PostgresError, Transaction, get, parse};
use stores::{Member, MemberChange, User};
use uuid::Uuid;

use super::{organisations, sql};
use crate::error::from_rule;

pub(super) async fn begin(
    tx: &mut Transaction<'_>,
    id: UserId,
    key: &[u8; 32],
    now: Micros,
) -> Result<UserId, PostgresError> {
    let insert = query(sql::BEGIN_USER).bind(id.0).bind(&key[..]).bind(now.0);
    // Where the same creation was begun before, or is at this moment, this waits for it, and then changes nothing.
    if tx.run("begin a user", insert).await? == 1 {
        return Ok(id);
    }
    let begun = tx.one("begin a user", query(sql::BEGUN).bind(&key[..])).await?;
    match begun {
        Some(row) => Ok(UserId(get("a user", &row, 0)?)),
        // It was finished between the two statements: another try finds nothing in its way.
        None => Err(PostgresError::in_the_way("begin a user")),
    }
}

pub(super) async fn user(tx: &mut Transaction<'_>, id: UserId) -> Result<Option<User>, PostgresError> {
    let found = tx.one("look a user up", query(sql::USER).bind(id.0)).await?;
    let user = |row| {
        let state = parse("a user", get("a user", &row, 0)?)?;
        Ok(User { id, state, created_at: Micros(get("a user", &row, 1)?) })
    };
    found.map(user).transpose()
}

pub(super) async fn set_state(
    tx: &mut Transaction<'_>,
    id: UserId,
    from: &[UserState],
    to: UserState,
) -> Result<bool, PostgresError> {
    let moves = |state: &UserState| *state != UserState::Deleted && from.contains(state);
    if hold(tx, id).await?.filter(moves).is_none() {
        return Ok(false);
    }
    tx.run("change a user", query(sql::SET_STATE).bind(id.0).bind(to.name())).await?;
    if to == UserState::Deleted {
        tx.run("remove a user from organisations", query(sql::LEAVE_ALL).bind(id.0)).await?;
    }
    Ok(true)
}

/// A user's state, which stays as it is until this transaction ends.
async fn hold(tx: &mut Transaction<'_>, id: UserId) -> Result<Option<UserState>, PostgresError> {
    let found = tx.one("look a user up", query(sql::HOLD_USER).bind(id.0)).await?;
    found.map(|row| parse("a user", get("a user", &row, 0)?)).transpose()
}

/// Gives a user the role in an organisation, or none.
pub(super) async fn set_role(
    tx: &mut Transaction<'_>,
    organisation: &Slug,
    user: UserId,
    asked: Option<Role>,
    now: Micros,
) -> Result<MemberChange, PostgresError> {
    let is_living = hold(tx, user).await?.is_some_and(|state| state != UserState::Deleted);
    if !is_living || organisations::find(tx, organisation).await?.is_none() {
        return Ok(MemberChange::NotThere);
    }
    let slug = organisation.as_str();
    let found = tx.one("look a member up", query(sql::MEMBER).bind(slug).bind(user.0)).await?;
    let current = found.map(|row| parse("a member", get("a member", &row, 0)?)).transpose()?;
    let other_admin = current == Some(Role::Admin) && other_admin(tx, slug, user).await?;
    let change = MemberChange::judge(current, asked, || Ok(other_admin)).map_err(from_rule)?;
    if change == MemberChange::Changed {
        let done = match asked {
            Some(role) => query(sql::PUT_MEMBER).bind(slug).bind(user.0).bind(role.name()).bind(now.0),
            None => query(sql::REMOVE_MEMBER).bind(slug).bind(user.0),
        };
        tx.run("change a member", done).await?;
    }
    Ok(change)
}

/// Whether another active user is an admin, and stays one until this transaction ends.
async fn other_admin(tx: &mut Transaction<'_>, organisation: &str, user: UserId) -> Result<bool, PostgresError> {
    tx.many("hold the admins", query(sql::HOLD_ADMINS).bind(organisation)).await?;
    let found = tx.one("look for an admin", query(sql::OTHER_ADMIN).bind(organisation).bind(user.0)).await?;
    found.map_or(Ok(false), |row| get("an admin", &row, 0))
}

pub(super) async fn role(
    tx: &mut Transaction<'_>,
    organisation: &Slug,
    user: UserId,
) -> Result<Option<Role>, PostgresError> {
    let found = tx.one("look a role up", query(sql::ROLE).bind(organisation.as_str()).bind(user.0)).await?;
    found.map(|row| parse("a member", get("a member", &row, 0)?)).transpose()
}

pub(super) async fn members(
    tx: &mut Transaction<'_>,
    organisation: &Slug,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<Member>, PostgresError> {
    const WHAT: &str = "a member";
    // No id is nil, so all come after that.
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let page = query(sql::MEMBERS).bind(organisation.as_str()).bind(after).bind(i64::from(limit));
    let rows = tx.many("list members", page).await?;
    let member = |row| {
        let role = parse(WHAT, get(WHAT, row, 1)?)?;
        Ok(Member { user: UserId(get(WHAT, row, 0)?), role, since: Micros(get(WHAT, row, 2)?) })
    };
    rows.iter().map(member).collect()
}

pub(super) async fn organisations_of(
    tx: &mut Transaction<'_>,
    user: UserId,
    limit: u32,
) -> Result<Vec<(Slug, Role)>, PostgresError> {
    let of_user = query(sql::ORGANISATIONS_OF).bind(user.0).bind(i64::from(limit));
    let rows = tx.many("list organisations", of_user).await?;
    let place =
        |row| Ok((parse("an organisation", get("a member", row, 0)?)?, parse("a member", get("a member", row, 1)?)?));
    rows.iter().map(place).collect()
}

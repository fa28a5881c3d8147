//! An import: all rows are stored at once, then judged in their order; one that is refused takes all of them back.
//!
//! Whether an id is somebody else's is not read, since the rows of other users are not there for a transaction: the unique
//! index passes such a row over, and then it is neither added nor replaced.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use domain::ids::{MembershipId, UserId};
use domain::membership::Membership;
use domain::people::UserState;
use postgres::sqlx::postgres::PgRow;
use postgres::sqlx::query;
use postgres::{PostgresError, Transaction, corrupt, get, parse};
use stores::memberships::{Import, MembershipsImported};
use uuid::Uuid;

use super::{rows, sql};
use crate::error::from_rule;
use crate::scope;

/// Users that one statement is about.
const USERS: usize = 500;
/// Rows that one statement stores: few enough that it stays far below its deadline.
const ROWS: usize = 2_000;

/// What was found of an id when its first row was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    TheSameUsers,
    SomebodyElses,
}

/// Stores all rows, or none.
pub(super) async fn import(
    tx: &mut Transaction<'_>,
    rows: &[Membership],
) -> Result<MembershipsImported, PostgresError> {
    let users: Vec<UserId> = rows.iter().map(|row| row.user).collect::<BTreeSet<_>>().into_iter().collect();
    let mut counts = HashMap::new();
    for users in users.chunks(USERS) {
        count(tx, users, &mut counts).await?;
    }
    let last = last(rows);
    let mut kept: Vec<&Membership> = last.values().copied().filter(|row| counts.contains_key(&row.user)).collect();
    kept.sort_unstable_by_key(|row| (row.user, row.id));
    let mut found = HashMap::new();
    for rows in kept.chunks(ROWS) {
        store(tx, rows, &mut found).await?;
    }
    let imported = judge(rows, &counts, &found)?;
    if !matches!(imported, MembershipsImported::Done { .. }) {
        tx.take_back();
    }
    Ok(imported)
}

/// How many memberships each of these users has who is there; they are held until the transaction ends.
async fn count(
    tx: &mut Transaction<'_>,
    users: &[UserId],
    counts: &mut HashMap<UserId, u64>,
) -> Result<(), PostgresError> {
    tx.set(&scope::users(users)).await?;
    let ids: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    for row in tx.many("look users up", query(sql::HOLD_USERS).bind(&ids)).await? {
        let state: UserState = parse("a user", get("a user", &row, 1)?)?;
        if state != UserState::Deleted {
            counts.insert(UserId(get("a user", &row, 0)?), 0);
        }
    }
    for row in tx.many("count memberships", query(sql::COUNTS).bind(&ids)).await? {
        let count: i64 = get("a count", &row, 1)?;
        let count = u64::try_from(count).map_err(|error| corrupt("a count", error))?;
        counts.entry(UserId(get("a count", &row, 0)?)).and_modify(|known| *known = count);
    }
    Ok(())
}

/// What each id ends with: its last row, of those that are of the user of its first.
fn last(rows: &[Membership]) -> HashMap<MembershipId, &Membership> {
    let mut last = HashMap::new();
    for row in rows {
        match last.entry(row.id) {
            Entry::Vacant(entry) => drop(entry.insert(row)),
            Entry::Occupied(mut entry) if entry.get().user == row.user => drop(entry.insert(row)),
            Entry::Occupied(_) => {}
        }
    }
    last
}

/// Adds what is not there, replaces what is and may be, and says which was which.
async fn store(
    tx: &mut Transaction<'_>,
    rows: &[&Membership],
    found: &mut HashMap<MembershipId, Found>,
) -> Result<(), PostgresError> {
    let mut users: Vec<UserId> = rows.iter().map(|row| row.user).collect();
    users.dedup();
    tx.set(&scope::users(&users)).await?;
    found.extend(rows.iter().map(|row| (row.id, Found::SomebodyElses)));
    note(found, Found::Nothing, &tx.many("add memberships", rows::columns(sql::ADD, rows)).await?)?;
    let known: Vec<&Membership> = rows.iter().copied().filter(|row| found[&row.id] == Found::SomebodyElses).collect();
    if !known.is_empty() {
        let replaced = tx.many("replace memberships", rows::columns(sql::REPLACE, &known)).await?;
        note(found, Found::TheSameUsers, &replaced)?;
    }
    Ok(())
}

fn note(found: &mut HashMap<MembershipId, Found>, what: Found, rows: &[PgRow]) -> Result<(), PostgresError> {
    for row in rows {
        found.insert(MembershipId(get("a membership", row, 0)?), what);
    }
    Ok(())
}

/// Judges each row in its order, as if those before it, and none after it, were stored.
fn judge(
    rows: &[Membership],
    counts: &HashMap<UserId, u64>,
    found: &HashMap<MembershipId, Found>,
) -> Result<MembershipsImported, PostgresError> {
    let (mut import, mut holders) = (Import::default(), HashMap::new());
    for row in rows {
        let holder = match (holders.get(&row.id), found.get(&row.id)) {
            (Some(holder), _) => Some(*holder),
            (None, Some(Found::TheSameUsers)) => Some(row.user),
            // Nobody's id: whose it is, is not known here.
            (None, Some(Found::SomebodyElses)) => Some(UserId(Uuid::nil())),
            (None, Some(Found::Nothing) | None) => None,
        };
        let count = || Ok(counts.get(&row.user).copied());
        if let Some(refused) = import.judge(row.user, holder, count).map_err(from_rule)? {
            return Ok(refused);
        }
        holders.insert(row.id, row.user);
    }
    Ok(import.done())
}

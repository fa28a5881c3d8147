//! Rows of memberships as ours, and ours as columns.

use std::str::FromStr;

use domain::ids::{MembershipId, UserId};
use domain::membership::Membership;
use domain::time::Day;
use postgres::sqlx::postgres::{PgArguments, PgRow};
use postgres::sqlx::query::Query;
use postgres::sqlx::{Postgres, query};
use postgres::{Cause, PostgresError, Transaction, corrupt, get, parse};
use uuid::Uuid;

use super::sql;

const WHAT: &str = "a membership";

pub(super) async fn all(tx: &mut Transaction<'_>, user: UserId) -> Result<Vec<Membership>, PostgresError> {
    let rows = tx.many("list memberships", query(sql::OF_USER).bind(user.0)).await?;
    rows.iter().map(|row| read(row, user)).collect()
}

pub(super) async fn page(
    tx: &mut Transaction<'_>,
    user: UserId,
    after: Option<&Membership>,
    limit: u32,
) -> Result<Vec<Membership>, PostgresError> {
    // Every day comes after this one, so that the first page begins at the first row.
    let (day, id) = after.map_or((i32::MIN, Uuid::nil()), |row| (row.valid_from.0, row.id.0));
    let page = query(sql::PAGE).bind(user.0).bind(day).bind(id).bind(i64::from(limit));
    let rows = tx.many("list memberships", page).await?;
    rows.iter().map(|row| read(row, user)).collect()
}

fn read(row: &PgRow, user: UserId) -> Result<Membership, PostgresError> {
    let periods: i64 = get(WHAT, row, "billing_periods")?;
    Ok(Membership {
        id: MembershipId(get(WHAT, row, "id")?),
        name: get(WHAT, row, "name")?,
        user,
        recurring_price_hundredths: get(WHAT, row, "recurring_price_hundredths")?,
        currency: text(row, "currency")?,
        valid_from: Day(get(WHAT, row, "valid_from")?),
        valid_until: get::<Option<i32>>(WHAT, row, "valid_until")?.map(Day),
        state: text(row, "state")?,
        payment_method: text(row, "payment_method")?,
        billing_interval: text(row, "billing_interval")?,
        billing_periods: u32::try_from(periods).map_err(|error| corrupt(WHAT, error))?,
    })
}

fn text<T: FromStr<Err: Into<Cause>>>(row: &PgRow, column: &str) -> Result<T, PostgresError> {
    parse(WHAT, get(WHAT, row, column)?)
}

/// A statement over rows, each column of which is one parameter ([`sql::ADD`], [`sql::REPLACE`]).
pub(super) fn columns<'q>(statement: &'static str, rows: &[&Membership]) -> Query<'q, Postgres, PgArguments> {
    query(statement)
        .bind(column(rows, |row| row.id.0))
        .bind(column(rows, |row| row.user.0))
        .bind(column(rows, |row| row.name.clone()))
        .bind(column(rows, |row| row.recurring_price_hundredths))
        .bind(column(rows, |row| row.currency.as_str().to_owned()))
        .bind(column(rows, |row| row.valid_from.0))
        .bind(column(rows, |row| row.valid_until.map(|day| day.0)))
        .bind(column(rows, |row| row.state.name()))
        .bind(column(rows, |row| row.payment_method.name()))
        .bind(column(rows, |row| row.billing_interval.name()))
        .bind(column(rows, |row| i64::from(row.billing_periods)))
}

fn column<T>(rows: &[&Membership], value: impl Fn(&Membership) -> T) -> Vec<T> {
    rows.iter().map(|row| value(row)).collect()
}

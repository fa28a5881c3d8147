//! Every statement of the memberships; a test shows that each goes by an index.

pub(super) const HOLDER: &str = "SELECT users.id FROM memberships JOIN users ON users.key = memberships.user
     WHERE memberships.id = ?1";

pub(super) const COUNT: &str = "SELECT count(*) FROM memberships WHERE user = ?1";

pub(super) const SAVE: &str = "INSERT INTO memberships (id, user, name, recurring_price_hundredths, currency,
         valid_from, valid_until, state, payment_method, billing_interval, billing_periods)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name,
         recurring_price_hundredths = excluded.recurring_price_hundredths, currency = excluded.currency,
         valid_from = excluded.valid_from, valid_until = excluded.valid_until, state = excluded.state,
         payment_method = excluded.payment_method, billing_interval = excluded.billing_interval,
         billing_periods = excluded.billing_periods";

pub(super) const OF_USER: &str =
    "SELECT id, name, recurring_price_hundredths, currency, valid_from, valid_until, state,
         payment_method, billing_interval, billing_periods
     FROM memberships WHERE user = ?1 ORDER BY valid_from, id";

pub(super) const PAGE: &str = "SELECT id, name, recurring_price_hundredths, currency, valid_from, valid_until, state,
         payment_method, billing_interval, billing_periods
     FROM memberships WHERE user = ?1 AND (valid_from, id) > (?2, ?3) ORDER BY valid_from, id LIMIT ?4";

#[cfg(test)]
pub(super) const ALL: &[&str] = &[HOLDER, COUNT, SAVE, OF_USER, PAGE];

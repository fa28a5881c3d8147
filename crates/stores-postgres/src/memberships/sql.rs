//! Every statement of the memberships; a test shows that each goes by an index.

/// Whoever else imports for one of these users, or changes their state, waits. In one order, so that nobody waits for ever.
pub(super) const HOLD_USERS: &str = "SELECT id, state FROM users WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

pub(super) const COUNTS: &str = "SELECT user_id, count(*) FROM memberships WHERE user_id = ANY ($1) GROUP BY user_id";

/// Answers the ids that were not there. An id of somebody else's membership is passed over without a look at it.
pub(super) const ADD: &str = "INSERT INTO memberships (id, user_id, name, recurring_price_hundredths, currency,
         valid_from, valid_until, state, payment_method, billing_interval, billing_periods)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[],
         $6::integer[], $7::integer[], $8::text[], $9::text[], $10::text[], $11::bigint[])
     ON CONFLICT (id) DO NOTHING RETURNING id";

/// Answers the ids that were there and of the same user.
pub(super) const REPLACE: &str = "UPDATE memberships SET name = new.name,
         recurring_price_hundredths = new.recurring_price_hundredths, currency = new.currency,
         valid_from = new.valid_from, valid_until = new.valid_until, state = new.state,
         payment_method = new.payment_method, billing_interval = new.billing_interval,
         billing_periods = new.billing_periods
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[],
         $6::integer[], $7::integer[], $8::text[], $9::text[], $10::text[], $11::bigint[])
         AS new (id, user_id, name, recurring_price_hundredths, currency,
             valid_from, valid_until, state, payment_method, billing_interval, billing_periods)
     WHERE memberships.id = new.id AND memberships.user_id = new.user_id RETURNING memberships.id";

pub(super) const OF_USER: &str =
    "SELECT id, name, recurring_price_hundredths, currency, valid_from, valid_until, state,
         payment_method, billing_interval, billing_periods
     FROM memberships WHERE user_id = $1 ORDER BY valid_from, id";

pub(super) const PAGE: &str = "SELECT id, name, recurring_price_hundredths, currency, valid_from, valid_until, state,
         payment_method, billing_interval, billing_periods
     FROM memberships WHERE user_id = $1 AND (valid_from, id) > ($2, $3) ORDER BY valid_from, id LIMIT $4";

#[cfg(test)]
pub(super) const ALL: &[&str] = &[HOLD_USERS, COUNTS, ADD, REPLACE, OF_USER, PAGE];

//! Where the tables are and how they are used, checked before anything is asked of them.

use std::time::Duration;

use aws::{OptionError, Place, Tries};
use domain::limits::Limits;

/// Most failed and repeated segments that an export may have on its record: the record must fit into an item.
pub const RETRY_SET_LIMIT: u32 = 4_096;
/// Greatest JSON body of a request, which is the greater part of a record whose request names many channels (bytes): both this and the
/// failed segments fit into an item.
pub const REQUEST_LIMIT_BYTES: u64 = 128 << 10;
/// Most lanes of an export: a cancellation removes them, and lets others run, one of which may have as many.
const LANES_LIMIT: u32 = 24;
/// Most segments of one claim, and most exports of one owner that run: a transaction takes 100 items.
pub const TRANSACTION_SHARE_LIMIT: u32 = 40;

/// Where the tables are and how they are used.
#[derive(Clone, Debug)]
pub struct DynamoOptions {
    /// Where the server is, and how requests are signed.
    pub place: Place,
    /// What the names of all tables begin with: 1 to 100 of `[A-Za-z0-9_.-]`.
    pub prefix: String,
    /// How often and how long a call is tried.
    pub tries: Tries,
}

impl DynamoOptions {
    /// Tables of AWS in a region, signed for by what the surroundings give.
    pub fn new(prefix: impl Into<String>, region: impl Into<String>) -> Self {
        let tries = Tries {
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(1),
            deadline: Duration::from_secs(2),
            ..Tries::default()
        };
        Self { place: Place::new(region), prefix: prefix.into(), tries }
    }

    /// Looks at all fields.
    ///
    /// # Errors
    /// The first field that cannot be, and what it must be.
    pub fn check(&self) -> Result<(), OptionError> {
        self.place.check()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let fits = (1..=100).contains(&self.prefix.len()) && self.prefix.bytes().all(plain);
        OptionError::unless(fits, "prefix", "must be 1 to 100 letters, digits, '_', '.' and '-'")?;
        OptionError::unless((1..=10).contains(&self.tries.limit), "tries.limit", "must be from 1 to 10")
    }
}

/// Looks whether what the limits allow fits into items and transactions.
///
/// # Errors
/// The limit that does not.
pub(crate) fn check_limits(limits: &Limits) -> Result<(), OptionError> {
    let fits = OptionError::unless;
    fits(limits.retry_set <= RETRY_SET_LIMIT, "limits.retry_set", "must be at most 4,096 on DynamoDB")?;
    let reason = "must be at most 131,072 on DynamoDB";
    fits(limits.json_body_bytes <= REQUEST_LIMIT_BYTES, "limits.json_body_bytes", reason)?;
    let share = |limit: u32| limit <= TRANSACTION_SHARE_LIMIT;
    fits(share(limits.claim_segments), "limits.claim_segments", "must be at most 40 on DynamoDB")?;
    fits(limits.lanes <= LANES_LIMIT, "limits.lanes", "must be at most 24 on DynamoDB")?;
    let running = limits.running_exports_per_organisation;
    fits(share(running), "limits.running_exports_per_organisation", "must be at most 40 on DynamoDB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_cannot_be_is_named() {
        let good = DynamoOptions::new("outhaul-1", "eu-central-1");
        assert_eq!(good.check(), Ok(()));
        let refused = |options: DynamoOptions| options.check().map_err(|error| error.field);
        for prefix in ["", "a/b", "a b", &"x".repeat(101)] {
            assert_eq!(refused(DynamoOptions { prefix: prefix.to_owned(), ..good.clone() }), Err("prefix"));
        }
        assert_eq!(refused(DynamoOptions { place: Place::new(""), ..good.clone() }), Err("region"));
        let tries = Tries { limit: 0, ..good.tries };
        assert_eq!(refused(DynamoOptions { tries, ..good }), Err("tries.limit"));
    }

    #[test]
    fn limits_that_do_not_fit_are_named() {
        let good = Limits::default();
        assert_eq!(check_limits(&good), Ok(()));
        for (field, limits) in [
            ("limits.retry_set", Limits { retry_set: 4_097, ..good.clone() }),
            ("limits.json_body_bytes", Limits { json_body_bytes: 131_073, ..good.clone() }),
            ("limits.claim_segments", Limits { claim_segments: 41, ..good.clone() }),
            ("limits.lanes", Limits { lanes: 25, ..good.clone() }),
            (
                "limits.running_exports_per_organisation",
                Limits { running_exports_per_organisation: 41, ..good.clone() },
            ),
        ] {
            assert_eq!(check_limits(&limits).map_err(|error| error.field), Err(field));
        }
    }
}

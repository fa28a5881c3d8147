//! The time that requests are signed with: the machine's, corrected by the server's where they are far apart.
//!
//! AWS refuses what was signed over some minutes off (S3: 15, others: 5), and the SDK signs by the machine's clock alone.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use domain::clock::Clock;
use domain::time::Micros;

/// Differences up to this are left: a `Date` has whole seconds, and answers take time.
const TOLERATED_MICROSECONDS: i64 = 30_000_000;

/// A clock that learns from each answer how far it is off. Clones are the same clock.
#[derive(Clone)]
pub struct ServerTime(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    /// The server's time less ours (microseconds).
    ahead: AtomicI64,
}

impl ServerTime {
    /// Our clock, as long as no answer says otherwise.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { clock, ahead: AtomicI64::new(0) }))
    }

    /// What the time is at the server, as far as is known.
    pub fn now(&self) -> Micros {
        self.0.clock.now().plus(self.correction())
    }

    /// What is added to the machine's time (microseconds).
    pub fn correction(&self) -> i64 {
        let ahead = self.ahead();
        if ahead.abs() > TOLERATED_MICROSECONDS { ahead } else { 0 }
    }

    /// Whether what is added has become another since it was this much.
    pub fn was_set_since(&self, correction: i64) -> bool {
        self.correction().abs_diff(correction) > TOLERATED_MICROSECONDS.unsigned_abs()
    }

    /// The server's clock less this machine's, as the last answer had it (microseconds).
    pub fn ahead(&self) -> i64 {
        self.0.ahead.load(Ordering::Relaxed)
    }

    /// Takes the `Date` of an answer; one that cannot be read changes nothing.
    pub(crate) fn learn(&self, date: &str) {
        let Ok(date) = DateTime::from_str(date, Format::HttpDate) else { return };
        let server = date.secs().saturating_mul(1_000_000);
        self.0.ahead.store(server.saturating_sub(self.0.clock.now().0), Ordering::Relaxed);
    }
}

impl fmt::Debug for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTime").field("ahead_microseconds", &self.ahead()).finish_non_exhaustive()
    }
}

impl TimeSource for ServerTime {
    fn now(&self) -> SystemTime {
        system_time(ServerTime::now(self))
    }
}

impl Intercept for ServerTime {
    fn name(&self) -> &'static str {
        "ServerTime"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.learn(date);
        }
        Ok(())
    }
}

/// As the standard library's time; before 1970 is 1970.
pub fn system_time(time: Micros) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(time.0).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use domain::clock::ManualClock;

    use super::*;

    #[test]
    fn the_servers_date_counts_where_the_clocks_are_far_apart() {
        let clock = Arc::new(ManualClock::at(Micros(1_700_000_000_000_000)));
        let time = ServerTime::new(clock.clone());
        // 1,700,000,000 is Tue, 14 Nov 2023 22:13:20 GMT.
        for (date, ahead_seconds, used_seconds) in [
            ("Tue, 14 Nov 2023 22:13:20 GMT", 0, 0),
            ("Tue, 14 Nov 2023 22:13:49 GMT", 29, 0),
            ("Tue, 14 Nov 2023 23:13:20 GMT", 3_600, 3_600),
            ("nonsense", 3_600, 3_600),
            ("Tue, 14 Nov 2023 21:13:20 GMT", -3_600, -3_600),
        ] {
            time.learn(date);
            assert_eq!(time.ahead(), ahead_seconds * 1_000_000, "{date}");
            assert_eq!(time.now().0 - clock.now().0, used_seconds * 1_000_000, "{date}");
            assert!(!time.was_set_since(used_seconds * 1_000_000 + 1_000_000));
            assert!(time.was_set_since((used_seconds + 31) * 1_000_000));
        }
        assert_eq!(TimeSource::now(&time), UNIX_EPOCH + Duration::from_secs(1_700_000_000 - 3_600));
    }
}

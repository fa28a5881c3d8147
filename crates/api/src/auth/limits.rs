//! How often somebody may try to sign in: by address, and by account whether or not there is one.

use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use domain::people::Email;
use queue::{LimitKey, Rate, Taken};

use crate::App;
use crate::address;
use crate::problem::{Code, Problem};

/// The time that the limits are for.
const WINDOW: Duration = Duration::from_secs(15 * 60);
const ADDRESS: &str = "login_attempts_per_address";
const ACCOUNT: &str = "login_attempts_per_account";

/// Counts one attempt from an address at an account.
pub(super) async fn count(app: &App, from: IpAddr, email: &Email) -> Result<(), Problem> {
    let limits = app.limits();
    let sender = address::sender(from).to_be_bytes();
    take(app, ADDRESS, &sender, limits.login_attempts_per_address).await?;
    take(app, ACCOUNT, email.key().as_bytes(), limits.login_attempts_per_account).await
}

async fn take(app: &App, limit: &'static str, subject: &[u8], times: u32) -> Result<(), Problem> {
    let key = LimitKey { limit, subject: digest(subject) };
    match app.ports.limiter.take(&key, Rate { times, per: WINDOW }).await? {
        Taken::Yes => Ok(()),
        Taken::No { retry_after } => {
            let seconds = u64::try_from(retry_after.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
            Err(Problem::new(Code::TooManyAttempts).limit(limit).retry_after(seconds))
        }
    }
}

fn digest(subject: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(subject);
    context.finish().as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

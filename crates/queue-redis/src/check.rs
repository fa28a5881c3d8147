//! What `outhaul doctor` asks of Redis.

mod info;
mod trial;

use std::time::Duration;

use domain::clock::Clock;
use domain::finding::{Finding, Verdict};

use self::info::Info;
use crate::error::RedisTrouble;
use crate::keys::Keys;
use crate::link::Link;
use crate::wire::Target;

/// More than this between the server's clock and ours is worth a word.
const CLOCKS_APART: Duration = Duration::from_secs(5);

/// Asks for everything once; where it does not answer at all, that is the one finding.
pub(crate) async fn run(target: &Target, link: &Link, trial: &Keys, clock: &dyn Clock) -> Vec<Finding> {
    let answers = match reach(target, link, clock).await {
        Ok(finding) => finding,
        Err(trouble) => return vec![Finding::fail("redis", trouble.to_string())],
    };
    let mut findings = vec![answers];
    match link.ask::<String>(redis::cmd("INFO")).await {
        Ok(text) => findings.extend(Info::read(&text).findings()),
        Err(trouble) => {
            let text = format!("not known, INFO: {trouble}; must be 7 or newer, with maxmemory-policy noeviction");
            findings.push(Finding::warn("redis version", text));
        }
    }
    findings.push(trial::run(link, trial).await);
    findings.push(clocks(link, clock).await);
    findings
}

async fn reach(target: &Target, link: &Link, clock: &dyn Clock) -> Result<Finding, RedisTrouble> {
    // The first call may have to connect.
    let () = link.ask(redis::cmd("PING")).await?;
    let start = clock.monotonic();
    let () = link.ask(redis::cmd("PING")).await?;
    let micros = clock.monotonic().saturating_sub(start).as_micros();
    let (verdict, way) = match (target.is_protected(), target.is_this_machine()) {
        (true, _) => (Verdict::Ok, "over TLS"),
        (false, true) => (Verdict::Ok, "on this machine"),
        (false, false) => {
            (Verdict::Warn, "without TLS: everybody on the way reads along, the password too; use rediss://")
        }
    };
    Ok(Finding { what: "redis", verdict, text: format!("answers in {micros} us, {way}") })
}

async fn clocks(link: &Link, clock: &dyn Clock) -> Finding {
    const WHAT: &str = "redis clock";
    let (before, start) = (clock.now(), clock.monotonic());
    let (seconds, micros) = match link.ask::<(i64, i64)>(redis::cmd("TIME")).await {
        Ok(time) => time,
        Err(trouble) => return Finding::fail(WHAT, format!("TIME: {trouble}")),
    };
    let taken = clock.monotonic().saturating_sub(start);
    let ours = before.0.saturating_add(i64::try_from(taken.as_micros() / 2).unwrap_or(0));
    let theirs = seconds.saturating_mul(1_000_000).saturating_add(micros);
    let apart = Duration::from_micros(theirs.abs_diff(ours));
    let direction = if theirs < ours { "behind" } else { "ahead of" };
    let text = format!("{:.3} s {direction} ours", apart.as_secs_f64());
    // Limits and delays go by the server's clock alone, so this hurts nobody here; one of the two is wrong, though.
    if apart > CLOCKS_APART { Finding::warn(WHAT, text) } else { Finding::ok(WHAT, text) }
}

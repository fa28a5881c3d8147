//! Whether we may do what we do: every call once, on keys of its own.

use std::time::Duration;

use domain::finding::Finding;
use queue::{LimitKey, Message, Rate};
use redis::{Cmd, Value};

use crate::error::RedisTrouble;
use crate::keys::Keys;
use crate::limiter;
use crate::link::Link;
use crate::queue::Calls;

/// What a user (ACL) needs.
const RIGHTS: &str = "a user needs ~outhaul:* (or the prefix instead) +ping +info +time +eval +zadd +zrange \
                      +zrangebyscore +zrem +zcard +zpopmin +bzpopmin +get +set";

/// Tries each call; what they leave behind is gone after the last.
pub(super) async fn run(link: &Link, trial: &Keys) -> Finding {
    const WHAT: &str = "redis rights";
    for (call, command) in calls(trial) {
        if let Err(trouble) = link.ask::<Value>(command).await {
            return Finding::fail(WHAT, format!("{call}: {trouble}; {}", advice(&trouble)));
        }
    }
    Finding::ok(WHAT, "may do all that is needed")
}

fn advice(trouble: &RedisTrouble) -> &'static str {
    match trouble {
        RedisTrouble::Refused(code) if code == "OOM" => "it is full: raise its maxmemory",
        RedisTrouble::Refused(code) if code == "READONLY" => "it is a replica: give the address of the primary",
        // A command that a script may not run is told as any other failure of the script.
        RedisTrouble::Refused(_) => RIGHTS,
        _ => "it answered a moment ago",
    }
}

fn calls(trial: &Keys) -> [(&'static str, Cmd); 9] {
    let calls = Calls::of(trial);
    let message = |text: &str| Message(text.as_bytes().to_vec());
    let wait = Duration::from_millis(10);
    let limit = trial.limit(&LimitKey { limit: "trial", subject: [0; 32] });
    let rate = Rate { times: 1, per: Duration::from_millis(1) };
    [
        ("push", calls.push(&message("now"))),
        ("length", calls.len()),
        ("look who waits", calls.first()),
        ("wait", calls.wait(wait)),
        ("push later", calls.push_later(&message("later"), Duration::ZERO)),
        ("take", calls.take()),
        ("wait for nothing", calls.wait(wait)),
        ("limit", limiter::call(&limit, rate, None)),
        ("time", redis::cmd("TIME")),
    ]
}

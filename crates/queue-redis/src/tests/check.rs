//! What `doctor` is told.

use domain::clock::{Clock, ManualClock};
use domain::finding::{Finding, Verdict};
use domain::secret::Secret;
use domain::time::Micros;

use super::{hasty, options, redis, redis_at};
use crate::RedisOptions;

/// A clock that shows what the server's does.
fn clock_of(server: &engines::Redis) -> ManualClock {
    let time = server.ask(&["TIME"]);
    let (seconds, micros) = time.split_once('\n').expect("seconds and microseconds");
    ManualClock::at(Micros(seconds.parse::<i64>().unwrap() * 1_000_000 + micros.parse::<i64>().unwrap()))
}

fn verdict(findings: &[Finding], what: &str) -> Verdict {
    findings.iter().find(|finding| finding.what == what).unwrap_or_else(|| panic!("{what}: {findings:?}")).verdict
}

#[tokio::test]
async fn a_redis_as_it_should_be() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let findings = redis_at(&server).check(&clock_of(&server)).await;
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Ok), "{findings:?}");
    let what: Vec<_> = findings.iter().map(|finding| finding.what).collect();
    assert_eq!(what, ["redis", "redis version", "redis kind", "redis memory", "redis rights", "redis clock"]);
    // The limit's key goes by itself.
    assert_eq!(server.ask(&["KEYS", "*"]), format!("outhaul:doctor:limit:trial:{}", "00".repeat(32)));
}

#[tokio::test]
async fn a_redis_that_is_away() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    server.kill();
    let findings = redis(&hasty(&server, server.address())).check(&ManualClock::at(Micros(0))).await;
    assert!(matches!(findings.as_slice(), [Finding { what: "redis", verdict: Verdict::Fail, .. }]), "{findings:?}");
}

#[tokio::test]
async fn a_redis_that_throws_away_and_has_another_time() {
    let Some(server) = engines::Redis::start(&[("maxmemory", "50mb"), ("maxmemory-policy", "allkeys-lru")]) else {
        return;
    };
    let clock = clock_of(&server);
    clock.step_to(clock.now().plus(3_600_000_000));
    let findings = redis_at(&server).check(&clock).await;
    assert_eq!(verdict(&findings, "redis memory"), Verdict::Warn);
    assert_eq!(verdict(&findings, "redis clock"), Verdict::Warn);
    assert_eq!(verdict(&findings, "redis rights"), Verdict::Ok);
}

#[tokio::test]
async fn a_replica_and_a_full_one() {
    let Some(server) = engines::Redis::start(&[("maxmemory", "1mb"), ("maxmemory-policy", "noeviction")]) else {
        return;
    };
    let text = |findings: &[Finding]| findings.iter().find(|found| found.what == "redis rights").unwrap().text.clone();
    let redis = redis_at(&server);
    if server.try_ask(&["SET", "junk", &"x".repeat(1_000_000)]).is_ok() {
        let findings = redis.check(&clock_of(&server)).await;
        assert!(text(&findings).contains("it is full"), "{findings:?}");
        server.ask(&["DEL", "junk"]);
    }
    server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    let findings = redis.check(&clock_of(&server)).await;
    assert_eq!(verdict(&findings, "redis kind"), Verdict::Fail);
    assert_eq!(verdict(&findings, "redis rights"), Verdict::Fail);
}

/// The rights that are named are enough, and each of them is needed.
#[tokio::test]
async fn rights_that_are_missing_are_named() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let commands = "ping info time eval zadd zrange zrangebyscore zrem zcard zpopmin bzpopmin get set";
    let rights = commands.split(' ').map(|name| format!("+{name}")).collect::<Vec<_>>();
    let user = (Some("canary".to_owned()), Some(Secret::new("canary")));
    let options = RedisOptions { user: user.0, password: user.1, ..options(&server, server.address()) };
    let mut grant = vec!["ACL", "SETUSER", "canary", "on", ">canary", "~outhaul:*"];
    grant.extend(rights.iter().map(String::as_str));
    server.ask(&grant);
    let findings = redis(&options).check(&clock_of(&server)).await;
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Ok), "{findings:?}");
    for right in commands.split(' ').filter(|name| !matches!(*name, "ping" | "info")) {
        server.ask(&["ACL", "SETUSER", "canary", &format!("-{right}")]);
        let findings = redis(&options).check(&clock_of(&server)).await;
        assert_eq!(verdict(&findings, "redis rights"), Verdict::Fail, "{right}");
        let found = findings.iter().find(|finding| finding.what == "redis rights").unwrap();
        assert!(found.text.contains(&format!("+{right}")) && !found.text.contains("canary"), "{found:?}");
        server.ask(&["ACL", "SETUSER", "canary", &format!("+{right}")]);
    }
    server.ask(&["ACL", "SETUSER", "canary", "resetkeys", "~other:*"]);
    assert_eq!(verdict(&redis(&options).check(&clock_of(&server)).await, "redis rights"), Verdict::Fail);
    server.ask(&["ACL", "SETUSER", "canary", "allkeys", "-info"]);
    assert_eq!(verdict(&redis(&options).check(&clock_of(&server)).await, "redis version"), Verdict::Warn);
}

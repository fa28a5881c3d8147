//! Engines that break while the service works: nothing that was accepted is lost, nobody is let in unseen, no archive is
//! wrong, and all of it mends by itself.
#![expect(clippy::disallowed_methods, reason = "says how long an outage was felt")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use engines::{AwsFaults, Bucket, Fault, Postgres, Proxy, Redis, Rule, Wire};
use serde_json::json;

use crate::mode::Mode;
use crate::server::{Answer, Client, PASSWORD, Server, member, wait_until};
use crate::support::{Outhaul, is_deep, sha256_of};

/// The days that are asked for.
pub const MONTH: (&str, &str) = ("2024-01-01", "2024-01-31");
/// Whose messages.
pub const ORG: &str = "org-0001";
/// Who asks.
pub const EMAIL: &str = "u1@example.org";
/// How long an outage of Redis lasts at least, with `--deep`.
const LONG: Duration = Duration::from_secs(60);

/// A member, and room for many requests.
fn with_people(outhaul: Outhaul) -> Outhaul {
    let outhaul = outhaul
        .with("OUTHAUL_LIMITS__EXPORTS_PER_ORGANISATION_PER_DAY", 100_000)
        .with("OUTHAUL_LIMITS__LOGIN_ATTEMPTS_PER_ACCOUNT", 100_000)
        .with("OUTHAUL_LIMITS__LOGIN_ATTEMPTS_PER_ADDRESS", 100_000)
        .with("OUTHAUL_LIMITS__ACCESS_TOKEN_SECONDS", 7_200);
    outhaul.run(&["migrate"]).expect(0);
    member(&outhaul, ORG, EMAIL, "admin");
    outhaul
}

fn messages(outhaul: &Outhaul) -> PathBuf {
    outhaul.generate("m.ndjson", &["--messages", "3000", "--organisations", "1"])
}

/// The same with messages.
pub fn prepared(outhaul: Outhaul) -> Outhaul {
    let outhaul = with_people(outhaul);
    outhaul.ingest(ORG, &[&messages(&outhaul)]);
    outhaul
}

/// The archive that an undisturbed installation makes of the same messages.
fn undisturbed() -> String {
    let outhaul = prepared(Mode::embedded().outhaul);
    outhaul.export(ORG, MONTH, "undisturbed.zip", &[]);
    outhaul.sha256("undisturbed.zip")
}

/// Exports are asked for before, during and after the fault; each that was accepted succeeds, those of the time of the fault
/// while it lasts.
fn accepted_exports_succeed(fault: impl Fn(&Redis, &Proxy), mend: impl Fn(&Redis, &Proxy)) {
    let Some(redis) = Redis::start(&[("maxmemory-policy", "noeviction")]) else { return };
    let proxy = Proxy::to(redis.address());
    let mode = Mode::embedded().with_redis_at(redis, &format!("redis://{}/0", proxy.address()));
    let redis = mode.engines.redis.as_ref().unwrap();
    let outhaul = prepared(mode.outhaul.with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 1_000));
    let api = Server::start(&outhaul, "api");
    let _workers = [Server::worker(&outhaul), Server::worker(&outhaul)];
    let u1 = Client::sign_in(&api, EMAIL);
    let a_third = if is_deep() { 333 } else { 5 };
    let ask = || (0..a_third).map(|_| u1.ask(ORG, MONTH)).collect::<Vec<_>>();
    let succeed = |exports: &[String]| exports.iter().for_each(|export| drop(u1.wait_for(export, "succeeded")));

    let before = ask();
    fault(redis, &proxy);
    let began = Instant::now();
    let during = ask();
    succeed(&during);
    // Who signs in while the shared limits are away is counted by the process alone.
    Client::sign_in(&api, EMAIL);
    if is_deep() {
        std::thread::sleep(LONG.saturating_sub(began.elapsed()));
    }
    mend(redis, &proxy);
    let lasted = began.elapsed().as_secs_f64();
    let after = ask();
    let mended = Instant::now();
    [before, after].iter().for_each(|exports| succeed(exports));
    let took = mended.elapsed().as_secs_f64();
    println!("a fault of {lasted:.0} s; {:.1} s after it all of {} exports had succeeded", took, 3 * a_third);
}

#[test]
fn redis_is_killed_and_comes_back_empty() {
    accepted_exports_succeed(|redis, _| redis.kill(), |redis, _| redis.start_again());
}

#[test]
fn redis_is_full() {
    let limit =
        |bytes: &'static str| move |redis: &Redis, _: &Proxy| drop(redis.ask(&["CONFIG", "SET", "maxmemory", bytes]));
    accepted_exports_succeed(limit("1"), limit("0"));
}

#[test]
fn redis_is_half_open() {
    accepted_exports_succeed(|_, proxy| proxy.set(Wire::HalfOpen), |_, proxy| proxy.set(Wire::Open));
}

#[test]
fn redis_is_emptied_again_and_again() {
    let Some(mode) = Mode::embedded().with_redis() else { return };
    let redis = mode.engines.redis.as_ref().unwrap();
    let outhaul = prepared(mode.outhaul.with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 1_000));
    let api = Server::start(&outhaul, "api");
    let _worker = Server::worker(&outhaul);
    let u1 = Client::sign_in(&api, EMAIL);
    let mut exports = Vec::new();
    for _ in 0..if is_deep() { 1_000 } else { 15 } {
        exports.push(u1.ask(ORG, MONTH));
        redis.ask(&["FLUSHALL"]);
    }
    exports.iter().for_each(|export| drop(u1.wait_for(export, "succeeded")));
}

/// What must not be answered without the directory: each is 503 with Retry-After, soon.
fn nobody_comes_in(u1: &Client, export: &str, link: &str) {
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let began = Instant::now();
    let answers: [(&str, Answer); 6] = [
        ("login", u1.send("POST", "/v1/auth/login", &[], &login)),
        ("export of memberships", u1.send("POST", "/v1/me/exports", &[], &json!({ "dataset": "memberships" }))),
        ("memberships", u1.get("/v1/me/memberships")),
        ("link", u1.send("POST", &format!("{export}/links"), &[], &json!({}))),
        ("download", u1.request("GET", link, &[], None)),
        ("readyz", u1.get("/readyz")),
    ];
    for (what, answer) in &answers {
        assert_eq!((answer.status, answer.retry_after.is_some()), (503, true), "{what}");
    }
    // 2 s each; with room for a machine that is busy otherwise.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    println!("six refusals took {:.1} s", took.as_secs_f64());
}

/// Beside all that is in order, on this machine and elsewhere.
fn a_doctor_names_postgres(outhaul: &Outhaul) {
    let found = outhaul.run(&["--json", "doctor"]).expect(6).json();
    let says = |ok: bool, word: &str| {
        let mut checks = found["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == ok);
        checks.any(|check| check["name"].as_str().unwrap().contains(word))
    };
    assert!(says(false, "postgres") && says(true, "data folder") && says(true, "free space"), "{found}");
}

#[test]
fn without_the_directory_nobody_comes_in() {
    let Some(postgres) = Postgres::start() else { return };
    let proxy = Proxy::to(postgres.address());
    let mode = Mode::embedded().with_postgres_at(postgres.database(), proxy.address());
    let outhaul = prepared(mode.outhaul);
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, EMAIL);
    let export = u1.ask(ORG, MONTH);
    u1.wait_for(&export, "succeeded");

    type Act<'a> = &'a dyn Fn();
    let faults: [(&str, Act<'_>, Act<'_>); 3] = [
        ("killed", &|| postgres.kill(), &|| postgres.start_again()),
        ("half-open", &|| proxy.set(Wire::HalfOpen), &|| proxy.set(Wire::Open)),
        (
            "refused",
            &|| {
                proxy.set(Wire::Refused);
                proxy.cut_all();
            },
            &|| proxy.set(Wire::Open),
        ),
    ];
    for (name, fault, mend) in faults {
        let link = u1.link(&export);
        fault();
        nobody_comes_in(&u1, &export, &link);
        a_doctor_names_postgres(&outhaul);
        mend();
        let mended = Instant::now();
        wait_until("readiness", || u1.get("/readyz").status == 200);
        println!("{name}: ready {:.1} s after the fault", mended.elapsed().as_secs_f64());
        let again = Client::sign_in(&server, EMAIL);
        assert_eq!(again.request("GET", &again.link(&export), &[], None).status, 200);
        again.wait_for(&again.ask(ORG, MONTH), "succeeded");
    }
}

/// Messages are brought in and exported while the bucket's calls meet these faults; the archive is that of an undisturbed run.
fn the_archive_is_right(rules: impl Fn() -> Vec<Rule>) {
    let Some(bucket) = Bucket::fresh() else { return };
    let faults = AwsFaults::to(bucket.endpoint());
    let mode = Mode::embedded().with_bucket_at(bucket, &faults.endpoint());
    let break_it = || rules().into_iter().for_each(|rule| faults.add(rule));
    let outhaul = with_people(mode.outhaul);
    let messages = messages(&outhaul);
    break_it();
    // A call is tried five times; a command that still fails says so, takes nothing, and is given again.
    let ingest = || outhaul.run(&["ingest", "--org", ORG, messages.to_str().unwrap()]).code;
    let codes: Vec<_> = std::iter::repeat_with(ingest).take(20).take_while(|code| *code != Some(0)).collect();
    assert!(codes.len() < 20 && codes.iter().all(|code| *code == Some(6)), "{codes:?}");
    faults.clear();
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, EMAIL);
    break_it();
    let export = u1.ask(ORG, MONTH);
    u1.wait_for(&export, "succeeded");
    assert!(faults.broken() > 0, "no call was broken");
    faults.clear();
    let whole = u1.request("GET", &u1.link(&export), &[], None);
    assert_eq!((whole.status, sha256_of(&whole.body)), (200, undisturbed()));
}

#[test]
fn a_bucket_that_is_asked_too_much() {
    the_archive_is_right(|| vec![Rule::new(Fault::SLOW_DOWN).percent(30, 1)]);
}

#[test]
fn a_bucket_that_is_slow() {
    let delay = if is_deep() { 2_000 } else { 100 };
    the_archive_is_right(|| {
        let slow = Rule::new(Fault::Delay(Duration::from_millis(delay)));
        vec![slow, Rule::new(Fault::SLOW_DOWN).percent(5, 2)]
    });
}

#[test]
fn a_bucket_whose_answers_are_cut_and_lost() {
    the_archive_is_right(|| {
        vec![
            Rule::new(Fault::CutBody { after_bytes: 700 }).percent(8, 3),
            Rule::new(Fault::LoseAnswer).percent(8, 4).on("PutObject"),
            Rule::new(Fault::LoseAnswer).percent(8, 5).on("UploadPart"),
            Rule::new(Fault::LoseAnswer).times(2).on("CompleteMultipartUpload"),
        ]
    });
}

#[test]
fn a_bucket_that_flips_bits() {
    the_archive_is_right(|| vec![Rule::new(Fault::FlipBit).percent(2, 6).on("GetObject")]);
}

//! The service is killed (SIGKILL) between the request and the letter; a restart alone brings the archive and one letter.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;

use crate::mode::Mode;
use crate::server::{Client, Server, member, wait_until};
use crate::support::{Outhaul, is_deep, sha256_of};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::json;

/// How a process ended that was killed.
pub const SIGKILL: i32 = 9;
/// Whose messages.
pub const ORG: &str = "org-0001";
/// The days that are asked for.
pub const DAYS: (&str, &str) = ("2024-01-01", "2024-01-31");
/// Who asks.
pub const EMAIL: &str = "u1@example.org";

/// Durable steps on the way of one export, with how often each is passed at least; the first two are the API's.
const POINTS: &[(&str, u64)] = &[
    ("jobs.create.before", 1),
    ("jobs.create.after", 1),
    ("jobs.claim.before", 4),
    ("jobs.claim.after", 4),
    ("jobs.record.before", 20),
    ("jobs.record.after", 20),
    ("artifacts.put", 10),
    ("artifacts.finish.before", 10),
    ("artifacts.finish.after", 10),
    ("artifacts.assemble", 10),
    ("plan.pinned", 1),
    ("plan.written", 1),
    ("segment.encoded", 10),
    ("segment.recorded", 10),
    ("segment.stored", 10),
    ("assemble.checked", 1),
    ("assemble.stored", 1),
    ("notify.written", 1),
    ("notify.sent", 1),
];

/// Those of a worker on PostgreSQL and a bucket. An archive of more than 8 MiB is an upload in two parts.
const ENGINE_POINTS: &[(&str, u64)] = &[
    ("s3.put.before", 30),
    ("s3.put.after", 30),
    ("s3.upload.begun", 1),
    ("s3.part.after", 2),
    ("s3.complete.before", 1),
    ("s3.complete.after", 1),
    ("postgres.commit.before", 1),
    ("postgres.commit.after", 1),
];

/// Impatient, and with room for as many sign-ins and exports as the rounds need.
fn outhaul() -> Outhaul {
    with_room(Outhaul::impatient())
}

/// Room for as many sign-ins and exports as the rounds need.
pub fn with_room(outhaul: Outhaul) -> Outhaul {
    outhaul
        .with("OUTHAUL_LIMITS__LOGIN_ATTEMPTS_PER_ACCOUNT", 10_000)
        .with("OUTHAUL_LIMITS__LOGIN_ATTEMPTS_PER_ADDRESS", 10_000)
        .with("OUTHAUL_LIMITS__ACCESS_TOKEN_SECONDS", 7_200)
        .with("OUTHAUL_LIMITS__EXPORTS_PER_ORGANISATION_PER_DAY", 10_000)
}

/// The data folder with messages and a member, and the SHA-256 of the undisturbed archive.
fn prepared() -> (Outhaul, String) {
    let outhaul = outhaul();
    let messages = outhaul.generate("m.ndjson", &["--messages", "9000", "--organisations", "1"]);
    outhaul.ingest(ORG, &[&messages]);
    member(&outhaul, ORG, EMAIL, "member");
    let undisturbed = outhaul.export(ORG, DAYS, "out.zip", &["--no-reuse"]);
    assert!(undisturbed["built_parts"].as_u64().unwrap() >= 20, "{undisturbed}");
    let expected = outhaul.sha256("out.zip");
    (outhaul, expected)
}

/// A role of the service that dies at `order`.
pub fn command(outhaul: &Outhaul, role: &str, order: Option<&str>) -> std::process::Command {
    let mut command = match role {
        "worker" => outhaul.command(&["worker"]),
        role => outhaul.command(&["--json", role, "--listen", "127.0.0.1:0"]),
    };
    command.stderr(std::process::Stdio::null());
    command.envs(order.map(|order| ("OUTHAUL_KILL_AT", order)));
    command
}

/// Asks under a key of the client's, so that a repeated request is known; the answer may get lost.
pub fn ask(client: &Client, key: &str) -> Option<String> {
    ask_for(client, key, "zip")
}

fn ask_for(client: &Client, key: &str, format: &str) -> Option<String> {
    let body = json!({ "dataset": "messages", "from": DAYS.0, "to": DAYS.1, "format": format });
    let body = body.to_string().into_bytes();
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let answer = client.try_request("POST", &format!("/v1/organisations/{ORG}/exports"), &headers, Some(body)).ok()?;
    assert_eq!(answer.status, 202, "{}", answer.json());
    answer.location
}

/// The archive is that of the undisturbed run, and there is one letter about it.
pub fn check(outhaul: &Outhaul, client: &Client, export: &str, expected: &str) {
    let done = client.wait_for(export, "succeeded");
    let archive = client.request("GET", &client.link(export), &[], None);
    assert_eq!((archive.status, sha256_of(&archive.body).as_str()), (200, expected));
    let id = done["id"].as_str().unwrap();
    for _ in 0..600 {
        if letters(outhaul, id) == 1 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{} letters about {id}", letters(outhaul, id));
}

fn letters(outhaul: &Outhaul, id: &str) -> usize {
    let names =
        fs::read_dir(outhaul.data().join("mail")).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().contains(id)).count()
}

/// What was built goes, so that the next export builds all of it again.
pub fn forget_parts(outhaul: &Outhaul) {
    let _ = fs::remove_dir_all(outhaul.data().join("artifacts/parts"));
}

#[test]
fn the_whole_service_is_killed() {
    let (outhaul, expected) = prepared();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut killed = BTreeMap::<&str, u32>::new();
    for round in 0..if is_deep() { 190 } else { 30 } {
        forget_parts(&outhaul);
        let (point, passes) = POINTS[round % POINTS.len()];
        let order = format!("{point}:{}", 1 + rng.next_u64() % passes);
        let key = format!("round-{round}");
        let server = Server::run(&mut command(&outhaul, "serve", Some(&order)));
        // What an earlier round left to do may bring the kill before anybody is signed in.
        let before = Client::try_sign_in(&server, EMAIL).and_then(|client| ask(&client, &key));
        assert_eq!(server.ended().signal(), Some(SIGKILL), "{order}");
        *killed.entry(point).or_default() += 1;

        let server = Server::run(&mut command(&outhaul, "serve", None));
        let client = Client::sign_in(&server, EMAIL);
        let export = ask(&client, &key).expect("an undisturbed service answers");
        assert!(before.is_none_or(|before| before == export), "{order}: one key, one export");
        check(&outhaul, &client, &export, &expected);
        assert_eq!(server.stop(), Some(0));
    }
    println!("killed at: {killed:?}");
    nothing_is_left(&outhaul);
}

#[test]
fn workers_are_killed_while_the_api_goes_on() {
    let (outhaul, expected) = prepared();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut killed = BTreeMap::<&str, u32>::new();
    let api = Server::run(&mut command(&outhaul, "api", None));
    let client = Client::sign_in(&api, EMAIL);
    for round in 0..if is_deep() { 170 } else { 20 } {
        forget_parts(&outhaul);
        let (point, passes) = POINTS[2 + round % (POINTS.len() - 2)];
        let order = format!("{point}:{}", 1 + rng.next_u64() % passes);
        let worker = Server::silent(&mut command(&outhaul, "worker", Some(&order)));
        let export = ask(&client, &format!("round-{round}")).expect("the API is there");
        assert_eq!(worker.ended().signal(), Some(SIGKILL), "{order}");
        *killed.entry(point).or_default() += 1;

        let worker = Server::worker(&outhaul);
        check(&outhaul, &client, &export, &expected);
        assert_eq!(worker.stop(), Some(0));
    }
    println!("killed at: {killed:?}");
    assert_eq!(api.stop(), Some(0));
    nothing_is_left(&outhaul);
}

/// On Redis, PostgreSQL and a bucket: what a worker had begun in any of them, another one finishes.
#[test]
fn workers_on_other_engines_are_killed() {
    let mode = Mode::embedded().with_redis().and_then(Mode::with_postgres).and_then(Mode::with_bucket);
    let Some(Mode { outhaul, engines }) = mode else { return };
    let bucket = engines.bucket.as_ref().unwrap();
    let outhaul = with_room(outhaul)
        .with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 1_000)
        .with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 200)
        .with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 500)
        .with("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", 4_000);
    outhaul.run(&["migrate"]).expect(0);
    let messages = outhaul.generate("m.ndjson", &["--messages", "60000", "--organisations", "1"]);
    outhaul.ingest(ORG, &[&messages]);
    member(&outhaul, ORG, EMAIL, "member");
    outhaul.export(ORG, DAYS, "out.csv", &["--format", "csv"]);
    let expected = outhaul.sha256("out.csv");
    let uploads = bucket.uploads().len();

    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut killed = BTreeMap::<&str, u32>::new();
    let api = Server::run(&mut command(&outhaul, "api", None));
    let client = Client::sign_in(&api, EMAIL);
    for round in 0..ENGINE_POINTS.len() * if is_deep() { 20 } else { 2 } {
        bucket.keys("").iter().filter(|key| key.contains("/parts/")).for_each(|key| bucket.delete(key));
        let (point, passes) = ENGINE_POINTS[round % ENGINE_POINTS.len()];
        let order = format!("{point}:{}", 1 + rng.next_u64() % passes);
        let worker = Server::silent(&mut command(&outhaul, "worker", Some(&order)));
        let export = ask_for(&client, &format!("round-{round}"), "csv").expect("the API is there");
        assert_eq!(worker.ended().signal(), Some(SIGKILL), "{order}");
        *killed.entry(point).or_default() += 1;

        let worker = Server::worker(&outhaul);
        check(&outhaul, &client, &export, &expected);
        assert_eq!(worker.stop(), Some(0));
    }
    // The files go in a step of their own; whoever died before it is followed by another.
    let export = ask_for(&client, "last", "csv").unwrap();
    let worker = Server::worker(&outhaul);
    check(&outhaul, &client, &export, &expected);
    assert_eq!(worker.stop(), Some(0));
    let archives = || bucket.keys("").iter().filter(|key| key.contains("/archives/")).count();
    let before = archives();
    let worker = Server::silent(&mut command(&outhaul, "worker", Some("s3.delete.before:1")));
    assert_eq!(client.request("DELETE", &export, &[], None).status, 204);
    assert_eq!(worker.ended().signal(), Some(SIGKILL));
    let worker = Server::worker(&outhaul);
    wait_until("the removal", || archives() < before);
    assert_eq!(worker.stop(), Some(0));
    println!("killed at: {killed:?}");
    assert_eq!(api.stop(), Some(0));
    // An upload that its worker can no longer end is given up by a sweep, a day later.
    let begun = ["s3.upload.begun", "s3.part.after", "s3.complete.before"].map(|point| killed[point] as usize);
    assert!(bucket.uploads().len() - uploads <= begun.iter().sum(), "{:?}", bucket.uploads());
    assert_eq!(outhaul.json(&["lake", "stats"])["pins"], 0);
    assert_eq!(outhaul.json(&["lake", "check"])["orphans"], json!([]));
}

/// No staging, no pin, no orphan.
pub fn nothing_is_left(outhaul: &Outhaul) {
    // The next command sweeps what the dead left; an export of a day without rows is enough of one.
    outhaul.export(ORG, ("2020-01-01", "2020-01-01"), "empty.zip", &[]);
    let files = outhaul.files();
    let below = |folder: &str| files.iter().filter(|name| name.starts_with(folder)).count();
    assert_eq!((below("staging/"), below("waiting/")), (0, 0), "{files:?}");
    assert_eq!(outhaul.json(&["lake", "stats"])["pins"], 0);
    assert_eq!(outhaul.json(&["lake", "check"])["orphans"], json!([]));
}

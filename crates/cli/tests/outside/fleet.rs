//! Several workers on Redis: they stop and start one after the other under load, freeze and wake up, and live with little.
#![expect(clippy::disallowed_methods, reason = "says how long a worker took to stop")]

use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::mode::Mode;
use crate::server::{Client, Server, member, wait_until};
use crate::support::{Outhaul, sha256_of};

const ORG: &str = "org-0001";
const EMAIL: &str = "u1@example.org";
const MONTH: (&str, &str) = ("2024-01-01", "2024-01-31");
/// With `message_id`, each is a set of columns that no other export has built parts of.
const COLUMNS: [&str; 8] = ["channel", "thread", "sender", "sent_at", "edited_at", "kind", "text", "attributes"];

fn prepared(outhaul: Outhaul, messages: &str) -> Outhaul {
    let outhaul = outhaul
        .with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 1_000)
        .with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 200)
        .with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 1_000)
        // A step that fails once fails its export.
        .with("OUTHAUL_LIMITS__ATTEMPTS_PER_STEP", 1);
    outhaul.run(&["migrate"]).expect(0);
    let messages = outhaul.generate("m.ndjson", &["--messages", messages, "--organisations", "1"]);
    outhaul.ingest(ORG, &[&messages]);
    member(&outhaul, ORG, EMAIL, "admin");
    outhaul
}

fn ask_for_column(client: &Client, column: &str) -> String {
    let request = json!({ "dataset": "messages", "from": MONTH.0, "to": MONTH.1, "columns": ["message_id", column] });
    let answer = client.send("POST", &format!("/v1/organisations/{ORG}/exports"), &[], &request);
    assert_eq!(answer.status, 202, "{}", answer.json());
    answer.location.unwrap()
}

/// Each worker in turn is told to stop while it works: it is gone soon, and nothing it held counts as failed.
#[test]
fn workers_are_replaced_one_by_one_under_load() {
    let Some(mode) = Mode::embedded().with_redis() else { return };
    let outhaul = prepared(mode.outhaul, "30000");
    let api = Server::start(&outhaul, "api");
    let u1 = Client::sign_in(&api, EMAIL);
    let mut workers: Vec<_> = (0..3).map(|_| Server::worker(&outhaul)).collect();
    let mut exports = Vec::new();
    for column in COLUMNS {
        exports.push(ask_for_column(&u1, column));
        let (stopped, began) = (workers.remove(0), Instant::now());
        assert_eq!(stopped.stop(), Some(0));
        let took = began.elapsed();
        assert!(took < Duration::from_secs(30), "{took:?}");
        workers.push(Server::worker(&outhaul));
    }
    for export in &exports {
        u1.wait_for(export, "succeeded");
    }
}

/// A worker is frozen for more than three leases and goes on: what it held was done by the other, and its late results change
/// nothing.
#[test]
fn a_worker_that_was_frozen_is_too_late() {
    let Some(mode) = Mode::embedded().with_redis() else { return };
    // One death of each step that it holds is part of this.
    let outhaul = prepared(mode.outhaul, "30000").with("OUTHAUL_LIMITS__ATTEMPTS_PER_STEP", 3);
    outhaul.export(ORG, MONTH, "expected.zip", &["--no-reuse"]);
    std::fs::remove_dir_all(outhaul.data().join("artifacts/parts")).unwrap();
    let api = Server::start(&outhaul, "api");
    let u1 = Client::sign_in(&api, EMAIL);
    let frozen = Server::worker(&outhaul);
    let export = u1.ask(ORG, MONTH);
    let progress = |name| u1.get(&export).json()["progress"][name].as_u64().unwrap_or(0);
    wait_until("a segment", || progress("segments_done") > 3);
    frozen.signal(Signal::STOP);
    let done = progress("segments_done");
    assert!(done < progress("segments"), "it was done before it froze");
    let other = Server::worker(&outhaul);
    let began = Instant::now();
    u1.wait_for(&export, "succeeded");
    println!("{done} segments were done before the freeze; the others took {:?}", began.elapsed());
    std::thread::sleep(Duration::from_secs(4).saturating_sub(began.elapsed()));
    frozen.signal(Signal::CONT);
    // It works again.
    assert_eq!(other.stop(), Some(0));
    u1.wait_for(&ask_for_column(&u1, "text"), "succeeded");
    assert_eq!(frozen.stop(), Some(0));
    let whole = u1.request("GET", &u1.link(&export), &[], None);
    assert_eq!(sha256_of(&whole.body), outhaul.sha256("expected.zip"));
    assert_eq!(api.stop(), Some(0));
    assert_eq!(outhaul.json(&["lake", "stats"])["pins"], 0);
}

/// The command in a shell that allows it so many open files.
fn with_open_files(outhaul: &Outhaul, limit: u32, args: &[&str]) -> Server {
    let shell = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
    Server::run(outhaul.command_under(&["sh", "-c", &shell], args).stderr(Stdio::null()))
}

/// Sixty-four open files are enough to work, and a crowd that takes all of them is survived.
#[test]
fn sixty_four_open_files_are_enough() {
    let mode = Mode::embedded().with_redis().and_then(Mode::with_postgres).and_then(Mode::with_bucket);
    let Some(mode) = mode else { return };
    let outhaul = prepared(mode.outhaul, "9000");
    let api = with_open_files(&outhaul, 64, &["--json", "api", "--listen", "127.0.0.1:0"]);
    let worker = with_open_files(&outhaul, 64, &["--json", "worker", "--listen", "127.0.0.1:0"]);
    let u1 = Client::sign_in(&api, EMAIL);
    u1.wait_for(&u1.ask(ORG, MONTH), "succeeded");

    let address = api.url.strip_prefix("http://").unwrap();
    // As many as the kernel keeps waiting beside those that were taken.
    let crowd: Vec<_> = (0..120).map_while(|_| TcpStream::connect(address).ok()).collect();
    assert!(crowd.len() > 64, "{}", crowd.len());
    std::thread::sleep(Duration::from_millis(500));
    drop(crowd);
    let u1 = Client::sign_in(&api, EMAIL);
    let export = ask_for_column(&u1, "text");
    u1.wait_for(&export, "succeeded");
    assert_eq!(u1.request("GET", &u1.link(&export), &[], None).status, 200);
    assert_eq!(worker.stop(), Some(0));
    assert_eq!(api.stop(), Some(0));
}

//! Processes whose clocks are hours apart: who is alive is decided by monotonic clocks, so nobody takes from the living,
//! and what the dead held is taken over all the same.

use crate::server::{Client, Server, member, wait_until};
use crate::support::{Outhaul, has_tool, sha256_of};

const MONTH: (&str, &str) = ("2024-01-01", "2024-01-31");

/// A worker whose wall clock is off by `offset`, e.g. `+1h`.
fn worker_at(outhaul: &Outhaul, offset: &str) -> Server {
    Server::silent(&mut outhaul.command_at(offset, &["worker"]))
}

#[test]
fn workers_hours_apart_make_one_archive() {
    if !has_tool("workers_hours_apart_make_one_archive", "faketime") {
        return;
    }
    let outhaul = Outhaul::impatient();
    let messages = outhaul.generate("m.ndjson", &["--messages", "60000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&messages]);
    member(&outhaul, "org-0001", "u1@example.org", "admin");
    outhaul.export("org-0001", MONTH, "expected.zip", &["--no-reuse"]);
    std::fs::remove_dir_all(outhaul.data().join("artifacts/parts")).unwrap();

    let api = Server::start(&outhaul, "api");
    let u1 = Client::sign_in(&api, "u1@example.org");
    let export = u1.ask("org-0001", MONTH);
    let workers = ["+1h", "-1h", "+0"].map(|offset| worker_at(&outhaul, offset));
    let done = || u1.get(&export).json()["progress"]["segments_done"].as_u64().unwrap_or(0);
    wait_until("a segment", || done() > 3);
    // Killed: what it holds is taken over by those who watch it.
    let [ahead, ..] = workers;
    drop(ahead);
    u1.wait_for(&export, "succeeded");
    let whole = u1.request("GET", &u1.link(&export), &[], None);
    assert_eq!(sha256_of(&whole.body), outhaul.sha256("expected.zip"));
}

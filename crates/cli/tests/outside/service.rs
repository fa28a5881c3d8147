//! The service from outside: over real connections, stopped and started, one folder with several processes.

use std::fs;
use std::process::Stdio;

use crate::server::{Client, PASSWORD, Server, member, wait_until};
use crate::support::{Outhaul, Ran, sha256_of};
use serde_json::json;

const QUARTER: (&str, &str) = ("2024-01-01", "2024-01-31");

fn with_messages(outhaul: &Outhaul, messages: u32) {
    let count = messages.to_string();
    let path = outhaul.generate("m.ndjson", &["--messages", &count, "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&path]);
    member(outhaul, "org-0001", "u1@example.org", "admin");
}

#[test]
fn a_whole_export_over_http() {
    let outhaul = Outhaul::new();
    with_messages(&outhaul, 5_000);
    member(&outhaul, "other", "u3@example.org", "admin");
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, "u1@example.org");
    let export = u1.ask("org-0001", QUARTER);
    let done = u1.wait_for(&export, "succeeded");
    let whole = u1.request("GET", &u1.link(&export), &[], None);
    assert_eq!((whole.status, whole.body.len() as u64), (200, done["files"][0]["bytes"].as_u64().unwrap()));
    let rest = u1.request("GET", &u1.link(&export), &[("range", "bytes=100-")], None);
    assert_eq!((rest.status, rest.body.as_slice()), (206, &whole.body[100..]));
    fs::write(outhaul.file("a.zip"), &whole.body).unwrap();
    let verified = outhaul.json(&["verify", "a.zip"]);
    assert_eq!(verified["ok"], true);

    let stranger = Client::sign_in(&server, "u3@example.org");
    assert_eq!(stranger.get(&export).status, 404);
    let link = stranger.send("POST", &format!("{export}/links"), &[], &json!({}));
    assert_eq!(link.status, 404);
    let id = done["id"].as_str().unwrap();
    let letter = outhaul.data().join(format!("mail/{id}.ready.eml"));
    wait_until("the letter", || letter.is_file());
    assert_eq!(server.stop(), Some(0));
    // What the service made is what the command line makes.
    outhaul.export("org-0001", QUARTER, "b.zip", &[]);
    assert_eq!(outhaul.sha256("b.zip"), sha256_of(&whole.body));
}

#[test]
fn a_stop_under_load_loses_nothing() {
    let outhaul = Outhaul::new().with("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", 500);
    with_messages(&outhaul, 60_000);
    outhaul.export("org-0001", QUARTER, "whole.zip", &["--no-reuse"]);
    let reused = outhaul.data().join("artifacts/parts");
    fs::remove_dir_all(&reused).unwrap();
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, "u1@example.org");
    let export = u1.ask("org-0001", QUARTER);
    wait_until("a part", || u1.get(&export).json()["progress"]["segments_done"].as_u64().unwrap_or(0) > 0);
    assert_eq!(server.stop(), Some(0));
    // Nobody counts an attempt, nobody waits for a lease.
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, "u1@example.org");
    u1.wait_for(&export, "succeeded");
    let whole = u1.request("GET", &u1.link(&export), &[], None);
    assert_eq!(sha256_of(&whole.body), outhaul.sha256("whole.zip"));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn commands_and_servers_do_not_share_a_folder() {
    let outhaul = Outhaul::new();
    outhaul.run(&["org", "create", "o"]).expect(0);
    let server = Server::start(&outhaul, "serve");
    let held = outhaul.run(&["lake", "stats"]).expect(6);
    assert!(held.stderr.contains("held by outhaul serve (process "), "{held:?}");
    assert_eq!(server.stop(), Some(0));
    // A command that waits for its input holds the folder until it ends.
    let mut command = outhaul.command(&["ingest", "--org", "o", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let holder = outhaul.data().join("commands.lock");
    let name = format!("a command (process {})", child.id());
    wait_until("the command", || fs::read_to_string(&holder).is_ok_and(|text| text.contains(&name)));
    let refused = outhaul.run(&["serve", "--listen", "127.0.0.1:0"]).expect(6);
    assert!(refused.stderr.contains(&name), "{refused:?}");
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn two_processes_on_one_folder() {
    let outhaul = Outhaul::new().with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 100);
    with_messages(&outhaul, 2_000);
    let api = Server::start(&outhaul, "api");
    let u1 = Client::sign_in(&api, "u1@example.org");
    let export = u1.ask("org-0001", QUARTER);
    // Nobody works yet; the worker hears of it without a queue between them.
    assert_eq!(u1.get(&export).json()["state"], "running");
    let worker = Server::worker(&outhaul);
    u1.wait_for(&export, "succeeded");
    assert_eq!((worker.stop(), api.stop()), (Some(0), Some(0)));
}

/// The value of a line of the counts.
#[track_caller]
fn counted(client: &Client, url: &str, name: &str) -> f64 {
    let answer = client.request("GET", &format!("{url}/metrics"), &[], None);
    let text = String::from_utf8(answer.body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[test]
fn a_worker_alone_shows_what_it_does() {
    let outhaul = Outhaul::new().with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 100);
    with_messages(&outhaul, 2_000);
    let api = Server::start(&outhaul, "api");
    let u1 = Client::sign_in(&api, "u1@example.org");
    let export = u1.ask("org-0001", QUARTER);
    assert_eq!(counted(&u1, &api.url, "outhaul_exports{state=\"running\"}"), 1.0);
    let worker = Server::start(&outhaul, "worker");
    for (path, status) in [("/livez", 200), ("/readyz", 200), ("/v1/me", 404), ("/docs", 404), ("/", 404)] {
        assert_eq!(u1.request("GET", &format!("{}{path}", worker.url), &[], None).status, status, "{path}");
    }
    u1.wait_for(&export, "succeeded");
    wait_until("the letter", || {
        let text = u1.request("GET", &format!("{}/metrics", worker.url), &[], None).body;
        String::from_utf8(text).unwrap().contains("outhaul_mails_total{outcome=\"sent\"} 1\n")
    });
    let of_worker = |name: &str| counted(&u1, &worker.url, name);
    assert_eq!(of_worker("outhaul_rows_total"), u1.get(&export).json()["progress"]["rows"].as_f64().unwrap());
    assert!(of_worker("outhaul_written_bytes_total") > of_worker("outhaul_rows_total"));
    assert!(of_worker("outhaul_segment_seconds_count") >= 1.0 && of_worker("outhaul_sweeps_total") >= 1.0);
    assert_eq!(of_worker("outhaul_exports{state=\"succeeded\"}"), 1.0);
    assert_eq!(of_worker("outhaul_claimable_segments"), 0.0);
    assert!(of_worker("outhaul_oldest_due_step_seconds") < 60.0);
    assert_eq!((worker.stop(), api.stop()), (Some(0), Some(0)));
}

#[test]
fn the_demo_shows_what_it_says() {
    let outhaul = Outhaul::new();
    let ran = outhaul.run(&["demo", "--exit", "--messages", "6000"]).expect(0);
    assert!(ran.stderr.contains("What was shown") && !ran.stderr.contains("  NO "), "{ran:?}");
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().next_back().unwrap()).unwrap();
    assert!(last["address"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(last["logins"].as_array().unwrap().len(), 4);
}

#[test]
fn the_document_of_the_api_is_printed() {
    let outhaul = Outhaul::new();
    let document = outhaul.run(&["openapi"]).expect(0).json();
    assert!(document["paths"].get("/v1/organisations/{org}/exports").is_some());
    // It needs no data folder and makes none.
    assert!(!outhaul.data().exists());
}

#[test]
fn the_commands_of_a_client() {
    let outhaul = Outhaul::new();
    with_messages(&outhaul, 3_000);
    outhaul.export("org-0001", QUARTER, "here.zip", &[]);
    let server = Server::start(&outhaul, "serve");
    let token = Client::sign_in(&server, "u1@example.org").token;
    let client = |token: &str, args: &[&str]| -> Ran {
        // Beside the data folder, since a client has none.
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_outhaul"));
        command.args(["--json", "--server", &server.url]).args(args).current_dir(outhaul.file(""));
        Ran::of(&command.env("OUTHAUL_TOKEN", token).output().unwrap())
    };
    let export = |more: &[&str]| {
        let args = ["export", "messages", "--org", "org-0001", "--from", QUARTER.0, "--to", QUARTER.1];
        client(&token, &[&args[..], more].concat())
    };
    let done = export(&["--output", "there.zip"]).expect(0).json();
    assert_eq!((&done["state"], &done["rows"]), (&json!("succeeded"), &outhaul.json(&["verify", "here.zip"])["rows"]));
    assert_eq!(outhaul.sha256("there.zip"), outhaul.sha256("here.zip"));
    for format in ["csv", "csv.gz"] {
        let name = format!("there.{format}");
        export(&["--output", &name, "--format", format]).expect(0);
        assert_eq!(outhaul.json(&["verify", &name])["ok"], true);
    }
    export(&["--output", "there.zip"]).expect(2);
    export(&["--output", "there.zip", "--force"]).expect(0);
    export(&["--output", "x.zip", "--columns", "body"]).expect(2);
    export(&["--output", "x.zip", "--no-reuse"]).expect(2);

    let again = client(&token, &["ingest", "--org", "org-0001", "m.ndjson"]).expect(0).json();
    assert_eq!((&again["accepted"], &again["already_known"]), (&json!(3_000), &json!(true)));
    fs::write(outhaul.file("bad.ndjson"), "{\"message_id\":\"a\"}\n").unwrap();
    let refused = client(&token, &["ingest", "--org", "org-0001", "bad.ndjson"]).expect(3).json();
    assert_eq!(refused["refused"][0]["line"], 1);
    client(&token, &["ingest", "--org", "nobody", "m.ndjson"]).expect(4);
    client("made-up", &["ingest", "--org", "org-0001", "m.ndjson"]).expect(4);
    client("", &["ingest", "--org", "org-0001", "m.ndjson"]).expect(2);
    let nobody = "http://127.0.0.1:1";
    let mut gone = std::process::Command::new(env!("CARGO_BIN_EXE_outhaul"));
    gone.args(["--server", nobody, "ingest", "--org", "o", "m.ndjson"]).current_dir(outhaul.file(""));
    let gone = Ran::of(&gone.env("OUTHAUL_TOKEN", "t").output().unwrap()).expect(6);
    assert!(gone.stderr.contains("does not answer") && !gone.stderr.contains("panicked"), "{gone:?}");
    let stats = client(&token, &["lake", "stats"]).expect(2);
    assert!(stats.stderr.contains("--server is for"), "{stats:?}");
    let url = server.url.clone();
    assert_eq!(server.stop(), Some(0));
    let both = outhaul.run(&["--server", &url, "ingest", "--org", "org-0001", "m.ndjson"]).expect(2);
    assert!(both.stderr.contains("--data"), "{both:?}");
}

/// A client whose token runs out signs in anew where it can, and else says how to go on.
#[test]
fn a_client_outlives_its_token() {
    let outhaul = Outhaul::new();
    with_messages(&outhaul, 500);
    let api = Server::start(&outhaul, "api");
    let command = |environment: &[(&str, &str)]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_outhaul"));
        let days = ["--from", QUARTER.0, "--to", QUARTER.1, "--output", "there.zip", "--force"];
        command.args(["--server", &api.url, "export", "messages", "--org", "org-0001"]).args(days);
        command.envs(environment.iter().copied()).current_dir(outhaul.file("")).stderr(Stdio::piped());
        command
    };
    let refused = Ran::of(&command(&[("OUTHAUL_TOKEN", "over")]).output().unwrap()).expect(4);
    assert!(refused.stderr.contains("OUTHAUL_EMAIL"), "{refused:?}");
    Ran::of(&command(&[]).output().unwrap()).expect(2);
    let known = [("OUTHAUL_TOKEN", "over"), ("OUTHAUL_EMAIL", "u1@example.org"), ("OUTHAUL_PASSWORD", PASSWORD)];

    // Nobody works on it: the client waits until it is told to stop.
    let child = command(&known).spawn().unwrap();
    let u1 = Client::sign_in(&api, "u1@example.org");
    let exports = || u1.get("/v1/organisations/org-0001/exports").json()["items"].clone();
    wait_until("the export", || exports().as_array().unwrap().len() == 1);
    let id = exports()[0]["id"].as_str().unwrap().to_owned();
    // It knows of its export once it looks again.
    let looks = "outhaul_requests_total{method=\"GET\",path=\"/v1/organisations/{org}/exports/{id}\",status=\"200\"}";
    let counts = || u1.request("GET", &format!("{}/metrics", api.url), &[], None).body;
    wait_until("a look", || String::from_utf8(counts()).unwrap().contains(looks));
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let told = Ran::of(&child.wait_with_output().unwrap()).expect(130);
    assert!(told.stderr.contains(&format!("exports/{id}; ")) && told.stderr.contains("DELETE"), "{told:?}");

    let worker = Server::worker(&outhaul);
    let whole = Ran::of(&command(&known).output().unwrap()).expect(0);
    assert!(!whole.stderr.contains(PASSWORD) && outhaul.file("there.zip").is_file(), "{whole:?}");
    assert_eq!((worker.stop(), api.stop()), (Some(0), Some(0)));
}

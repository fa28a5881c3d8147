//! The same way of one export on every set of engines, with several processes of each kind: the same bytes everywhere.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::mode::Mode;
use crate::server::{Client, Server, member, wait_until};
use crate::support::{Outhaul, sha256_of};

const MONTH: (&str, &str) = ("2024-01-01", "2024-01-31");
/// People, messages, two APIs, two workers; an export from request to removal. The SHA-256 of its archive.
fn whole_way(mode: &Mode) -> String {
    let outhaul = &mode.outhaul;
    let messages = outhaul.generate("m.ndjson", &["--messages", "9000", "--organisations", "1"]);
    outhaul.run(&["migrate"]).expect(0);
    outhaul.ingest("org-0001", &[&messages]);
    member(outhaul, "org-0001", "u1@example.org", "admin");
    member(outhaul, "org-0001", "u2@example.org", "member");
    member(outhaul, "other", "u3@example.org", "admin");
    assert_eq!(what_a_doctor_finds_wrong(outhaul), [""; 0]);

    let apis = [Server::start(outhaul, "api"), Server::start(outhaul, "api")];
    let workers = [worker(outhaul, &apis[0]), worker(outhaul, &apis[0])];
    let u1 = Client::sign_in(&apis[0], "u1@example.org");
    let u2 = Client::sign_in(&apis[1], "u2@example.org");
    let stranger = Client::sign_in(&apis[1], "u3@example.org");

    let export = u1.ask("org-0001", MONTH);
    let done = u1.wait_for(&export, "succeeded");
    assert!(done["progress"]["segments"].as_u64().unwrap() > 10, "{done}");
    let whole = fetch(&u2, &export);
    // A bucket answers its links itself.
    assert_eq!(u2.link(&export).starts_with(&apis[1].url), mode.engines.bucket.is_none());
    assert_eq!(whole.len() as u64, done["files"][0]["bytes"].as_u64().unwrap());
    let rest = u2.request("GET", &u2.link(&export), &[("range", "bytes=100-")], None);
    assert_eq!((rest.status, rest.body.as_slice()), (206, &whole[100..]));
    assert_eq!(stranger.send("POST", &format!("{export}/links"), &[], &json!({})).status, 404);
    let part = u2.send("POST", &format!("{export}/links"), &[], &json!({ "part": 0 }));
    assert_eq!(u2.request("GET", part.json()["url"].as_str().unwrap(), &[], None).status, 200);
    the_letter_leads_there(mode, &apis[0], &u2, done["id"].as_str().unwrap());

    // What one built the other uses, by way of another process.
    let again = u2.wait_for(&u2.ask("org-0001", MONTH), "succeeded");
    assert_eq!(again["files"][0]["crc64nvme"], done["files"][0]["crc64nvme"]);
    removed_member_gets_nothing(&u1, &u2, &export);
    assert_eq!(u1.request("DELETE", &export, &[], None).status, 204);
    assert_eq!(u1.send("POST", &format!("{export}/links"), &[], &json!({})).status, 410);
    for server in workers.into_iter().chain(apis) {
        assert_eq!(server.stop(), Some(0));
    }
    fs::write(outhaul.file("fetched.zip"), &whole).unwrap();
    outhaul.run(&["verify", "fetched.zip"]).expect(0);
    // The command line on the same engines.
    let export = outhaul.export("org-0001", MONTH, "command.zip", &[]);
    assert_eq!(export["built_parts"], 0, "{export}");
    assert_eq!(outhaul.sha256("command.zip"), sha256_of(&whole));
    outhaul.run(&["lake", "check"]).expect(0);
    sha256_of(&whole)
}

/// A worker whose letters lead to `api`.
fn worker(outhaul: &Outhaul, api: &Server) -> Server {
    let mut command = outhaul.command(&["--json", "worker", "--listen", "127.0.0.1:0"]);
    Server::run(command.env("OUTHAUL_HTTP__PUBLIC_URL", &api.url).stderr(Stdio::null()))
}

/// One letter came, and whoever opens its link as a member gets to the export.
fn the_letter_leads_there(mode: &Mode, api: &Server, reader: &Client, id: &str) {
    let Some(inbox) = &mode.engines.inbox else {
        let letter = mode.outhaul.data().join(format!("mail/{id}.ready.eml"));
        return wait_until("the letter", || letter.is_file());
    };
    wait_until("the letter", || !inbox.letters(id).is_empty());
    let [letter] = inbox.letters(id).try_into().expect("one letter");
    assert_eq!(letter["To"], json!(["u1@example.org"]), "{letter}");
    let mut lines = letter["BodyText"].as_str().unwrap().lines();
    let link = lines.find(|line| line.starts_with("http")).expect("a link").trim_end();
    assert_eq!(link, format!("{}/#/exports/org-0001/{id}", api.url));
    let (page, place) = link.split_once("#/exports/").unwrap();
    assert_eq!(reader.request("GET", page, &[], None).status, 200);
    // What the page asks for, by what stands in its address.
    let (org, id) = place.split_once('/').unwrap();
    let export = format!("/v1/organisations/{org}/exports/{id}");
    assert_eq!(reader.get(&export).json()["state"], "succeeded");
    assert_eq!(fetch(reader, &export).len() as u64, reader.get(&export).json()["files"][0]["bytes"].as_u64().unwrap());
}

/// But for what the tests' own PostgreSQL does without.
fn what_a_doctor_finds_wrong(outhaul: &Outhaul) -> Vec<String> {
    let found = outhaul.run(&["--json", "doctor"]).json();
    let wrong = found["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == false);
    let names = wrong.map(|check| check["name"].as_str().unwrap().to_owned());
    names.filter(|name| !["postgres fsync", "postgres full_page_writes"].contains(&name.as_str())).collect()
}

fn fetch(client: &Client, export: &str) -> Vec<u8> {
    let answer = client.request("GET", &client.link(export), &[], None);
    assert_eq!(answer.status, 200);
    answer.body
}

fn removed_member_gets_nothing(admin: &Client, member: &Client, export: &str) {
    let me: Value = member.get("/v1/me").json();
    let path = format!("/v1/organisations/org-0001/members/{}", me["id"].as_str().unwrap());
    assert_eq!(admin.request("DELETE", &path, &[], None).status, 204);
    assert_eq!(member.send("POST", &format!("{export}/links"), &[], &json!({})).status, 404);
    assert_eq!(member.get(export).status, 404);
}

/// The archive of the embedded mode, which every other mode must make, too.
fn expected() -> String {
    let outhaul = Mode::embedded().outhaul;
    let messages = outhaul.generate("m.ndjson", &["--messages", "9000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&messages]);
    outhaul.export("org-0001", MONTH, "expected.zip", &[]);
    outhaul.sha256("expected.zip")
}

#[test]
fn embedded() {
    assert_eq!(whole_way(&Mode::embedded()), expected());
}

#[test]
fn redis_sqlite_and_a_folder() {
    let Some(mode) = Mode::embedded().with_redis() else { return };
    assert_eq!(whole_way(&mode), expected());
}

#[test]
fn sqlite_and_a_bucket() {
    let Some(mode) = Mode::embedded().with_bucket() else { return };
    assert_eq!(whole_way(&mode), expected());
}

#[test]
fn redis_postgres_and_a_bucket() {
    let mode = Mode::embedded().with_redis().and_then(Mode::with_postgres).and_then(Mode::with_bucket);
    let Some(mode) = mode else { return };
    assert_eq!(whole_way(&mode), expected());
}

#[test]
fn sqlite_a_bucket_and_a_rest_catalog() {
    let mode = Mode::embedded().with_bucket().and_then(Mode::with_rest_catalog);
    let Some(mode) = mode else { return };
    assert_eq!(whole_way(&mode), expected());
}

#[test]
fn redis_dynamodb_postgres_a_bucket_and_ses() {
    let mode = Mode::embedded().with_redis().and_then(Mode::with_dynamodb).and_then(Mode::with_postgres);
    let Some(mode) = mode.and_then(Mode::with_bucket).and_then(Mode::with_ses) else { return };
    assert_eq!(whole_way(&mode), expected());
}

/// Links lead to the service, which asks for the membership at each range.
#[test]
fn a_bucket_behind_the_service() {
    let Some(mode) = Mode::embedded().with_bucket() else { return };
    let outhaul = mode.outhaul.with("OUTHAUL_HTTP__DOWNLOADS", "proxied");
    let messages = outhaul.generate("m.ndjson", &["--messages", "2000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&messages]);
    member(&outhaul, "org-0001", "u1@example.org", "admin");
    member(&outhaul, "org-0001", "u2@example.org", "member");
    let server = Server::start(&outhaul, "serve");
    let [u1, u2] = ["u1@example.org", "u2@example.org"].map(|email| Client::sign_in(&server, email));
    let export = u1.ask("org-0001", MONTH);
    u1.wait_for(&export, "succeeded");
    let link = u2.link(&export);
    assert!(link.starts_with(&server.url), "{link}");
    let whole = fetch(&u2, &export);
    let rest = u2.request("GET", &link, &[("range", "bytes=1000-")], None);
    assert_eq!((rest.status, rest.body.as_slice()), (206, &whole[1000..]));
    removed_member_gets_nothing(&u1, &u2, &export);
    assert_eq!(u2.request("GET", &link, &[("range", "bytes=1000-")], None).status, 404);
}

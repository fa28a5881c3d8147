//! Items of DynamoDB that are too large, refused for good, or over and still there.

use std::collections::BTreeSet;
use std::process::Stdio;

use engines::{AwsFaults, Fault, Rule, Tables};
use serde_json::{Value, json};

use crate::mode::Mode;
use crate::outages::{EMAIL, MONTH, ORG, prepared};
use crate::server::{Answer, Client, PASSWORD, Server, wait_until};
use crate::support::{Outhaul, Ran, has_tool};

/// Asks for the messages of so many bytes of channels.
fn ask_for_channels(client: &Client, bytes: usize) -> Answer {
    let channels: Vec<_> = (0..bytes / 23).map(|channel| format!("channel-{channel:012}")).collect();
    let filter = json!({ "channels": channels });
    let request = json!({ "dataset": "messages", "from": MONTH.0, "to": MONTH.1, "filter": filter });
    client.send("POST", &format!("/v1/organisations/{ORG}/exports"), &[], &request)
}

/// An item takes 400 KB, and what a request may hold leaves room for all else: nobody's export fails for its size.
#[test]
fn a_request_that_does_not_fit_into_an_item_is_refused_at_the_door() {
    const ROOM: usize = 128 << 10;
    let Some(mode) = Mode::embedded().with_dynamodb() else { return };
    let too_much =
        mode.outhaul.command(&["migrate"]).env("OUTHAUL_LIMITS__JSON_BODY_BYTES", "131073").output().unwrap();
    let told = Ran::of(&too_much).expect(2);
    assert!(told.stderr.contains("limits.json_body_bytes: must be at most 131,072 on DynamoDB"), "{told:?}");

    let outhaul = prepared(mode.outhaul.with("OUTHAUL_LIMITS__JSON_BODY_BYTES", ROOM));
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, EMAIL);
    let large = ask_for_channels(&u1, ROOM - 1_000);
    assert_eq!(large.status, 202, "{}", large.json());
    u1.wait_for(&large.location.unwrap(), "succeeded");
    let too_large = ask_for_channels(&u1, ROOM + 1_000);
    assert_eq!(
        (too_large.status, &too_large.json()["limit"]),
        (413, &json!("json_body_bytes")),
        "{}",
        too_large.json()
    );
    assert_eq!(server.stop(), Some(0));
}

/// A server that refuses every write, by a right that was taken away or an item that it calls too large: whoever asks is told
/// that it is not their fault, and what was accepted goes on when it takes writes again.
#[test]
fn writes_that_are_refused_for_a_while() {
    let Some(tables) = Tables::local() else { return };
    let faults = AwsFaults::to(tables.endpoint());
    let mode = Mode::embedded().with_dynamodb_at(&faults.endpoint());
    let outhaul = mode.outhaul.with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 1_000);
    let outhaul = prepared(outhaul.with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 200));
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, EMAIL);
    for code in ["ValidationException", "AccessDeniedException"] {
        let before = u1.ask(ORG, MONTH);
        for call in ["TransactWriteItems", "PutItem", "UpdateItem"] {
            faults.add(Rule::new(Fault::Answer(400, code)).on(call));
        }
        let refused = ask_for_channels(&u1, 100);
        assert_eq!((refused.status, &refused.json()["code"]), (500, &json!("internal")), "{code}");
        let told = refused.json().to_string();
        assert!(!told.contains(code) && !told.contains("dynamo"), "{told}");
        let broken = faults.broken();
        wait_until("some tries", || faults.broken() > broken + 5);
        assert_eq!(u1.get("/readyz").status, 200, "it can be read");
        faults.clear();
        u1.wait_for(&before, "succeeded");
        let after = u1.ask(ORG, MONTH);
        u1.wait_for(&after, "succeeded");
    }
    assert_eq!(server.stop(), Some(0));
}

/// A process whose wall clock is `offset` ahead, e.g. `+1d`.
fn at(outhaul: &Outhaul, offset: &str, role: &str) -> Server {
    let mut command = outhaul.command_at(offset, &["--json", role, "--listen", "127.0.0.1:0"]);
    Server::run(command.stderr(Stdio::null()))
}

/// The first words of the sort keys that are in the jobs' table, as the server has them.
fn kinds(tables: &Tables) -> BTreeSet<String> {
    let signed =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    let body = json!({ "TableName": format!("{}-jobs", tables.prefix()), "ConsistentRead": true });
    let asked = ureq::post(tables.endpoint())
        .header("x-amz-target", "DynamoDB_20120810.Scan")
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", signed);
    let said = asked.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap();
    let all: Value = serde_json::from_str(&said).unwrap();
    let kind = |item: &Value| item["sk"]["S"].as_str().unwrap().split('#').next().unwrap().to_owned();
    all["Items"].as_array().unwrap().iter().map(kind).collect()
}

/// Neither emulator removes by `ttl`, so everything that is over is still there, as on a server that is late by weeks.
#[test]
fn what_is_over_and_still_there_does_not_count() {
    if !has_tool("what_is_over_and_still_there_does_not_count", "faketime") {
        return;
    }
    let Some(mode) = Mode::embedded().with_dynamodb() else { return };
    let tables = mode.engines.tables.as_ref().unwrap();
    let outhaul = prepared(mode.outhaul).with("OUTHAUL_LIMITS__EXPORTS_PER_ORGANISATION_PER_DAY", 1);
    let ask = |client: &Client, key: &str, format: &str| {
        let request = json!({ "dataset": "messages", "from": MONTH.0, "to": MONTH.1, "format": format });
        client.send("POST", &format!("/v1/organisations/{ORG}/exports"), &[("idempotency-key", key)], &request)
    };
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let refresh = |client: &Client, token: &Value| {
        client.send("POST", "/v1/auth/refresh", &[], &json!({ "refresh_token": token })).status
    };

    let today = at(&outhaul, "+0", "serve");
    let u1 = Client::sign_in(&today, EMAIL);
    let family = u1.send("POST", "/v1/auth/login", &[], &login).json()["refresh_token"].clone();
    let first = ask(&u1, "a", "zip").location.unwrap();
    u1.wait_for(&first, "succeeded");
    assert_eq!(ask(&u1, "b", "zip").status, 429, "one a day");
    assert_eq!(today.stop(), Some(0));

    // Yesterday's counter lies there and says one.
    let tomorrow = at(&outhaul, "+1d", "serve");
    let u1 = Client::sign_in(&tomorrow, EMAIL);
    assert_eq!(ask(&u1, "a", "zip").location.unwrap(), first, "the key is good for seven days");
    assert_eq!(ask(&u1, "a", "csv").status, 409);
    let second = ask(&u1, "b", "zip");
    assert_eq!(second.status, 202, "{}", second.json());
    u1.wait_for(&second.location.unwrap(), "succeeded");
    assert_eq!(tomorrow.stop(), Some(0));

    let later = at(&outhaul, "+32d", "serve");
    let u1 = Client::sign_in(&later, EMAIL);
    assert_eq!(refresh(&u1, &family), 401, "a login ends after 30 days");
    wait_until("the first to expire", || u1.get(&first).json()["state"] == "expired");
    assert_eq!(u1.send("POST", &format!("{first}/links"), &[], &json!({})).status, 410);
    let lies_there = kinds(tables);
    let third = ask(&u1, "a", "csv");
    assert_eq!(third.status, 202, "{}", third.json());
    assert_ne!(third.location.as_ref().unwrap(), &first, "{lies_there:?}");
    u1.wait_for(&third.location.unwrap(), "succeeded");
    assert!(["IDEM", "DAY"].iter().all(|kind| lies_there.contains(*kind)), "{lies_there:?}");
    assert_eq!(later.stop(), Some(0));
}

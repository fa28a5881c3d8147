//! Strings that stand for secrets, addresses and texts go through the whole service and must come out nowhere.

mod mailer;
mod sought;

use std::fs::{self, File};

use crate::server::{Answer, Client, PASSWORD, Server, member};
use crate::support::{Outhaul, Ran};
use serde_json::{Value, json};

use self::mailer::Mailer;
use self::sought::Sought;

const ADA: &str = "ada.canary@example.org";
const EVE: &str = "eve@example.org";
const NOBODY: &str = "nobody.canary@example.org";
const WRONG_PASSWORD: &str = "wrong canary password";
const SMTP_PASSWORD: &str = "smtp-canary-password";
const TEXT: &str = "canary text of a message";
const SENDER: &str = "canary-sender";
const CHANNEL: &str = "canary-channel";
const ATTRIBUTE: &str = "canary-attribute";
const REFUSED: &str = "canary text of a refused line";
const MEMBERSHIP: &str = "Canary Chess Club";
const NONCE: &str = "ca9a51eca9a51eca9a51eca9a51eca9a";
const DAYS: (&str, &str) = ("2024-01-01", "2024-01-02");

#[test]
fn nothing_secret_comes_out() {
    let mailer = Mailer::start();
    let outhaul = Outhaul::new()
        .with("OUTHAUL_MAIL__KIND", "smtp")
        .with("OUTHAUL_MAIL__HOST", "127.0.0.1")
        .with("OUTHAUL_MAIL__PORT", mailer.port)
        .with("OUTHAUL_MAIL__TLS", "none")
        .with("OUTHAUL_MAIL__USER", "outhaul")
        .with("OUTHAUL_MAIL__PASSWORD", SMTP_PASSWORD)
        .with("OUTHAUL_LOG", "trace");
    let mut sought = known();
    member(&outhaul, "acme", ADA, "admin");
    member(&outhaul, "other", EVE, "admin");
    import_membership(&outhaul, &mut sought);
    let program = outhaul.run(&["token", "create", "acme", "--scope", "messages:write"]).expect(0).stdout;
    let program = sought.token("organisation token", program.trim());

    let log = outhaul.file("serve.log");
    let mut serve = outhaul.command(&["-vvv", "--json", "serve", "--listen", "127.0.0.1:0"]);
    serve.stderr(File::create(&log).unwrap());
    let server = Server::run(&mut serve);
    let ada = Client::sign_in(&server, ADA);
    sought.token("access token", &ada.token);
    sign_in_and_out(&ada, &mut sought);
    bring_messages(&ada, &program);
    let exports = ["first", "second"].map(|key| fetch_an_export(&ada, key, &mut sought));
    let mine = ada.send("POST", "/v1/me/exports", &[], &json!({"dataset": "memberships"})).location.unwrap();
    ada.wait_for(&mine, "succeeded");
    mailer.wait_for_all_kinds();

    let eve = Client::sign_in(&server, EVE);
    sought.not_in("an answer to somebody else", &answers_to(&eve, &exports, &mine));
    assert_eq!(server.stop(), Some(0));
    keys(&outhaul, &mut sought);
    let written = fs::read(&log).unwrap();
    is_whole(&written);
    sought.not_in("the log", &written);
}

/// What is known before the service runs.
fn known() -> Sought {
    let mut sought = Sought::default();
    for (name, text) in [
        ("password", PASSWORD),
        ("wrong password", WRONG_PASSWORD),
        ("SMTP password", SMTP_PASSWORD),
        ("address", ADA),
        ("address of nobody", NOBODY),
        ("text", TEXT),
        ("sender", SENDER),
        ("channel", CHANNEL),
        ("attribute", ATTRIBUTE),
        ("refused text", REFUSED),
        ("membership", MEMBERSHIP),
        ("nonce", NONCE),
        ("password hash", "$argon2id$"),
    ] {
        sought.text(name, text);
    }
    sought.text("SMTP sign-in", &format!("\0outhaul\0{SMTP_PASSWORD}"));
    sought
}

fn import_membership(outhaul: &Outhaul, sought: &mut Sought) {
    let header = "email,id,name,user_id,recurring_price,currency,valid_from,valid_until,state,payment_method,\
                  billing_interval,billing_periods";
    let row =
        format!("{ADA},00000000-0000-7000-8000-000000000001,{MEMBERSHIP},,12.50,EUR,2024-01-01,,active,sepa,monthly,3");
    fs::write(outhaul.file("m.csv"), format!("{header}\r\n{row}\r\n")).unwrap();
    let ran = outhaul.run(&["-vvv", "membership", "import", "m.csv"]).expect(0);
    sought.not_in("what a command says", ran.stderr.as_bytes());
    let mut create = outhaul.command(&["-vvv", "user", "create", ADA]);
    let refused = Ran::of(&create.env("OUTHAUL_PASSWORD", PASSWORD).output().unwrap()).expect(1);
    sought.not_in("what a refused command says", refused.stderr.as_bytes());
}

/// Sign-ins that go well and badly, refreshes, reuse, and requests with secrets where they do not belong.
fn sign_in_and_out(ada: &Client, sought: &mut Sought) {
    let login = |email: &str, password: &str| {
        ada.send("POST", "/v1/auth/login", &[], &json!({ "email": email, "password": password }))
    };
    assert_eq!(login(ADA, WRONG_PASSWORD).status, 401);
    assert_eq!(login(NOBODY, PASSWORD).status, 401);
    let first = tokens(&login(ADA, PASSWORD), sought);
    let refresh = |token: &str, nonce: Option<&str>| {
        ada.send("POST", "/v1/auth/refresh", &[], &json!({ "refresh_token": token, "nonce": nonce }))
    };
    let second = tokens(&refresh(&first, Some(NONCE)), sought);
    let third = tokens(&refresh(&second, None), sought);
    assert_eq!(refresh(&first, None).status, 401, "reuse");
    assert_eq!(refresh(&third, None).status, 401, "the family is over");
    let other = tokens(&login(ADA, PASSWORD), sought);
    assert_eq!(ada.send("POST", "/v1/auth/logout", &[], &json!({ "refresh_token": other })).status, 204);

    let json = [("content-type", "application/json")];
    for body in [
        format!("{{\"email\": \"{ADA}\", \"password\": \"{WRONG_PASSWORD}"),
        format!("{{\"email\": \"{ADA}\", \"password\": [\"{WRONG_PASSWORD}\"]}}"),
        format!("{{\"email\": \"{ADA}\", \"password\": \"x\", \"{WRONG_PASSWORD}\": 1}}"),
        format!("{{\"email\": \"{NOBODY} {WRONG_PASSWORD}\", \"password\": \"x\"}}"),
    ] {
        let status = ada.request("POST", "/v1/auth/login", &json, Some(body.into_bytes())).status;
        assert!([400, 422].contains(&status), "{status}");
    }
    let path = format!("/v1/me?access_token={}", ada.token);
    assert_eq!(ada.get(&path).status, 200);
    assert_eq!(ada.get(&format!("/{other}")).status, 404);
    let basic = format!("Basic {}", sought::base64(PASSWORD.as_bytes()));
    assert_eq!(ada.request("GET", "/v1/me", &[("authorization", &basic)], None).status, 401);
}

/// The refresh token of an answer; both its tokens are sought from now on.
fn tokens(answer: &Answer, sought: &mut Sought) -> String {
    assert_eq!(answer.status, 200);
    let body = answer.json();
    sought.token("access token", body["access_token"].as_str().unwrap());
    sought.token("refresh token", body["refresh_token"].as_str().unwrap())
}

/// Bodies that are taken, refused for their lines, and cannot be read at all.
fn bring_messages(ada: &Client, program: &str) {
    let line = |id: &str, text: &str, more: Value| {
        let mut line = json!({"message_id": id, "sent_at": "2024-01-01T12:00:00Z", "text": text, "sender": SENDER,
            "channel": CHANNEL, "attributes": {"key": ATTRIBUTE}});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        format!("{line}\n")
    };
    let send = |token: &str, coding: &str, body: String| {
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/x-ndjson"),
            ("content-encoding", coding),
        ];
        let mut anonymous = ada.clone();
        anonymous.token.clear();
        let answer = anonymous.request("POST", "/v1/organisations/acme/messages", &headers, Some(body.into_bytes()));
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    let good: String = (0..50).map(|number| line(&format!("m{number}"), TEXT, json!({}))).collect();
    assert_eq!(send(program, "identity", good.clone()).0, 200);
    assert_eq!(send(&ada.token, "identity", line("one more", TEXT, json!({}))).0, 200);
    for refused in [
        line("", REFUSED, json!({})),
        line("a", REFUSED, json!({"sent_at": REFUSED})),
        line("b", REFUSED, json!({"attributes": REFUSED})),
        line("c", "x", json!({"kind": [REFUSED]})),
        format!("{{\"message_id\": \"d\", \"text\": \"{REFUSED}\n"),
        format!("{REFUSED}\n"),
    ] {
        let (status, body) = send(program, "identity", good.clone() + &refused);
        assert_eq!(status, 422, "{body}");
        assert!(!body.contains(REFUSED) && !body.contains(TEXT), "an answer repeats a line: {body}");
    }
    assert_eq!(send(program, "gzip", good.clone()).0, 422);
    assert_eq!(send(&format!("{program}x"), "identity", good).0, 401);
}

/// Asks, waits, and follows links, good ones and others. Returns the export's path.
fn fetch_an_export(ada: &Client, key: &str, sought: &mut Sought) -> String {
    let request = json!({"dataset": "messages", "from": DAYS.0, "to": DAYS.1,
        "filter": {"channels": [CHANNEL], "senders": [SENDER]}});
    let asked = ada.send("POST", "/v1/organisations/acme/exports", &[("idempotency-key", key)], &request);
    assert_eq!(asked.status, 202);
    let wrong = json!({"dataset": "messages", "from": DAYS.0, "to": DAYS.1, "filter": {"channels": [{TEXT: 1}]}});
    assert_eq!(ada.send("POST", "/v1/organisations/acme/exports", &[], &wrong).status, 422);
    let export = asked.location.unwrap();
    ada.wait_for(&export, "succeeded");
    let link = ada.link(&export);
    sought.token("link token", link.rsplit('/').next().unwrap());
    assert_eq!(ada.request("GET", &link, &[], None).status, 200);
    assert_eq!(ada.request("GET", &link, &[("range", "bytes=0-9,20-29")], None).status, 206);
    assert_eq!(ada.request("GET", &link, &[("range", "bytes=99999999-")], None).status, 416);
    assert_eq!(ada.request("GET", &format!("{link}A"), &[], None).status, 404);
    export
}

/// Everything that somebody of another organisation gets to see of all this, and everything that is public.
fn answers_to(eve: &Client, exports: &[String], mine: &str) -> Vec<u8> {
    let mut paths: Vec<String> =
        ["/metrics", "/readyz", "/livez", "/.well-known/jwks.json", "/v1/me"].map(str::to_owned).to_vec();
    for export in exports.iter().map(String::as_str).chain([mine]) {
        paths.extend(["", "/parts", "/manifest"].map(|more| format!("{export}{more}")));
    }
    paths.extend(["members", "exports"].map(|more| format!("/v1/organisations/acme/{more}")));
    paths.extend(["memberships", "exports"].map(|more| format!("/v1/me/{more}")));
    let mut seen: Vec<u8> = paths.iter().flat_map(|path| eve.get(path).body).collect();
    let posts = [
        (format!("{}/links", exports[0]), json!({})),
        ("/v1/organisations/acme/members".to_owned(), json!({"email": ADA, "role": "admin"})),
        ("/v1/organisations/other/members".to_owned(), json!({"email": NOBODY, "role": "admin"})),
        ("/v1/auth/login".to_owned(), json!({"email": ADA, "password": WRONG_PASSWORD})),
        ("/v1/organisations/other/exports/estimate".to_owned(), json!({"dataset": CHANNEL})),
    ];
    seen.extend(posts.iter().flat_map(|(path, body)| eve.send("POST", path, &[], body).body));
    seen
}

/// The server's own secrets, as they lie in the data folder.
fn keys(outhaul: &Outhaul, sought: &mut Sought) {
    let folder = outhaul.data().join("keys");
    let secret = fs::read(folder.join("server.secret")).unwrap();
    sought.bytes("server secret", secret.trim_ascii());
    for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension() == Some("key".as_ref()) {
            let key: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            sought.text("signing key", key["seed"].as_str().unwrap());
        }
    }
}

/// The log must be one in which something could have been found: all parts of the program speak in it.
fn is_whole(log: &[u8]) {
    let text = String::from_utf8_lossy(log);
    for telling in ["\"level\":\"WARN\"", "\"target\":\"api", "\"target\":\"worker", "request answered"] {
        assert!(text.contains(telling), "the log has no {telling}");
    }
    assert!(!text.contains("panicked"), "something panicked");
    for line in text.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "no JSON: {line}");
    }
}

//! What `deploy/` rests on: each process asks only for what its role may have, and every count that is named is given.

use std::collections::BTreeSet;
use std::fs;

use engines::{AwsFaults, Bucket};
use serde_json::json;

use crate::mode::Mode;
use crate::server::{Client, Server, member, wait_until};
use crate::support::{Outhaul, root};

const MONTH: (&str, &str) = ("2024-01-01", "2024-01-31");

fn with_messages(outhaul: &Outhaul) {
    let messages = outhaul.generate("m.ndjson", &["--messages", "2000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&messages]);
    member(outhaul, "org-0001", "u1@example.org", "admin");
}

/// The role of workers sees neither accounts nor the audit trail (`deploy/cloudformation/identities.yaml`): here they are gone.
#[test]
fn a_worker_asks_for_no_login() {
    let Some(mode) = Mode::embedded().with_dynamodb() else { return };
    let outhaul = &mode.outhaul;
    outhaul.run(&["migrate"]).expect(0);
    with_messages(outhaul);
    let api = Server::start(outhaul, "api");
    let u1 = Client::sign_in(&api, "u1@example.org");
    let export = u1.ask("org-0001", MONTH);
    let id = export.rsplit('/').next().unwrap();
    assert_eq!(api.stop(), Some(0));
    let tables = mode.engines.tables.as_ref().unwrap();
    for table in ["accounts", "audit"] {
        let credential =
            format!("Credential={}/20240101/{}/dynamodb/aws4_request", tables.access_key(), tables.region());
        let signed = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0");
        let headers = [
            ("x-amz-target", "DynamoDB_20120810.DeleteTable"),
            ("content-type", "application/x-amz-json-1.0"),
            ("authorization", &*signed),
        ];
        let body = json!({ "TableName": format!("{}-{table}", tables.prefix()) }).to_string();
        let gone = u1.request("POST", &format!("{}/", tables.endpoint()), &headers, Some(body.into_bytes()));
        assert_eq!(gone.status, 200, "{}", String::from_utf8_lossy(&gone.body));
    }

    let log = outhaul.file("worker.log");
    let mut command = outhaul.command(&["--json", "worker", "--listen", "127.0.0.1:0"]);
    let worker = Server::run(command.stderr(fs::File::create(&log).unwrap()));
    wait_until("a worker that is ready", || {
        u1.request("GET", &format!("{}/readyz", worker.url), &[], None).status == 200
    });
    let letter = outhaul.data().join(format!("mail/{id}.ready.eml"));
    wait_until("the letter", || letter.is_file());
    assert_eq!(worker.stop(), Some(0));
    let told = fs::read_to_string(log).unwrap();
    assert!(told.contains("started") && !told.contains("WARN") && !told.contains("ERROR"), "{told}");
}

#[test]
fn messages_and_exports_have_a_bucket_each() {
    let (Some(exports), Some(lake)) = (Bucket::fresh(), Bucket::fresh()) else { return };
    let (of_exports, of_lake) = (format!("/{}/outhaul/test/", exports.name()), format!("/{}/", lake.name()));
    let of_lake = format!("{of_lake}outhaul/test/lake/");
    let faults = AwsFaults::to(exports.endpoint());
    let mode = Mode::embedded().with_bucket_at(exports, &faults.endpoint());
    let outhaul = mode.outhaul.with("OUTHAUL_S3__LAKE_BUCKET", lake.name());
    let asked = || {
        let calls = faults.tries().into_iter();
        let calls: BTreeSet<_> = calls.map(|(call, _)| (call.operation(), call.path().to_owned())).collect();
        faults.count_anew();
        calls
    };

    // What the role of the migration may do: it makes the table, and reads nothing.
    outhaul.run(&["migrate"]).expect(0);
    let made = asked();
    let is_metadata = |path: &str| path.starts_with(&format!("{of_lake}messages/metadata/"));
    assert!(!made.is_empty() && made.iter().all(|(name, path)| *name == "PutObject" && is_metadata(path)), "{made:?}");
    outhaul.run(&["migrate"]).expect(0);
    assert_eq!(asked(), BTreeSet::new());

    with_messages(&outhaul);
    outhaul.export("org-0001", MONTH, "a.zip", &[]);
    outhaul.run(&["verify", "a.zip"]).expect(0);
    let (lake, rest): (Vec<_>, Vec<_>) = asked().into_iter().partition(|(_, path)| path.starts_with(&of_lake));
    assert!(lake.iter().any(|(name, _)| *name == "GetObject"), "{lake:?}");
    let objects: Vec<_> = rest.iter().filter(|(_, path)| path.matches('/').count() > 2).collect();
    assert!(objects.iter().any(|(_, path)| path.contains("/archives/")), "{objects:?}");
    assert!(objects.iter().all(|(_, path)| path.starts_with(&of_exports) && !path.contains("lake")), "{objects:?}");
    let found = outhaul.run(&["doctor"]).expect(0).stdout;
    assert_eq!(found.matches("the bucket answers").count(), 2, "{found}");
    assert!(found.contains("the bucket answers (bucket of messages)"), "{found}");
}

/// Alarms, alerts, panels and the autoscaler of `deploy/`.
const WATCHERS: [&str; 6] = [
    "deploy/kubernetes/outhaul/rules.yaml",
    "deploy/kubernetes/outhaul/dashboards/outhaul.json",
    "deploy/kubernetes/outhaul/templates/worker.yaml",
    "deploy/kubernetes/dashboard.py",
    "deploy/cloudformation/alarms.yaml",
    "deploy/cloudwatch/agent.json",
];

#[test]
fn every_count_that_is_watched_is_given() {
    let outhaul = Outhaul::new();
    with_messages(&outhaul);
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, "u1@example.org");
    u1.wait_for(&u1.ask("org-0001", MONTH), "succeeded");
    // Letters are counted once there was one.
    let given = || String::from_utf8(u1.get("/metrics").body).unwrap();
    wait_until("a letter", || given().contains("outhaul_mails_total{"));
    let given = given();
    let given: BTreeSet<_> = given.lines().filter_map(|line| line.split([' ', '{']).next()).collect();
    for watcher in WATCHERS {
        let text = fs::read_to_string(root().join(watcher)).unwrap();
        let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        let named: BTreeSet<_> = words.filter(|word| word.starts_with("outhaul_")).collect();
        assert!(!named.is_empty(), "{watcher} names no count");
        let unknown: Vec<_> = named.difference(&given).collect();
        assert!(unknown.is_empty(), "{watcher} waits for {unknown:?}, the program gives {given:?}");
    }
}

//! DynamoDB that breaks while the service works: whoever asks meanwhile is told to come again, what was accepted succeeds
//! once, with the right bytes, and all of it mends by itself.
#![expect(clippy::disallowed_methods, reason = "says how long an outage was felt")]

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use engines::{AwsFaults, Fault, Proxy, Rule, Tables, Wire};
use serde_json::{Value, json};

use crate::mode::Mode;
use crate::outages::{EMAIL, MONTH, ORG, prepared};
use crate::server::{Answer, Client, PASSWORD, Server, wait_until};
use crate::support::{Outhaul, is_deep, sha256_of};

/// How long an outage lasts at least: some leases.
const LONG: Duration = Duration::from_secs(4);

/// The way to the tables, which breaks call by call or as a wire.
struct Way {
    faults: AwsFaults,
    wire: Proxy,
}

impl Way {
    fn to(tables: &Tables) -> Self {
        let faults = AwsFaults::to(tables.endpoint());
        let wire = Proxy::to(faults.endpoint().trim_start_matches("http://"));
        Self { faults, wire }
    }

    fn set(&self, wire: Wire) {
        self.wire.set(wire);
        if wire == Wire::Refused {
            self.wire.cut_all();
        }
    }

    fn mend(&self) {
        self.faults.clear();
        self.wire.set(Wire::Open);
    }
}

/// An API and two workers behind such a way.
struct Service {
    way: Way,
    api: Server,
    workers: [Server; 2],
    u1: Client,
    outhaul: Outhaul,
    /// Archive and rows of an undisturbed installation.
    expected: (String, Value),
}

fn undisturbed() -> (String, Value) {
    let outhaul = prepared(Mode::embedded().outhaul);
    let done = outhaul.export(ORG, MONTH, "undisturbed.zip", &[]);
    (outhaul.sha256("undisturbed.zip"), done["rows"].clone())
}

impl Service {
    fn start() -> Option<Self> {
        let way = Way::to(&Tables::local()?);
        let mode = Mode::embedded().with_dynamodb_at(&format!("http://{}", way.wire.address()));
        let outhaul = mode
            .outhaul
            .with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 1_000)
            .with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 200)
            .with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 500);
        let outhaul = prepared(outhaul);
        let api = Server::start(&outhaul, "api");
        let workers = [Server::worker(&outhaul), Server::worker(&outhaul)];
        let u1 = Client::sign_in(&api, EMAIL);
        Some(Self { way, api, workers, u1, outhaul, expected: undisturbed() })
    }

    /// Asks under a key of the client's, so that a repeated request is known.
    fn ask(&self, key: &str) -> Answer {
        let request = json!({ "dataset": "messages", "from": MONTH.0, "to": MONTH.1 });
        self.u1.send("POST", &format!("/v1/organisations/{ORG}/exports"), &[("idempotency-key", key)], &request)
    }

    /// The same as often as a client is told to come again.
    fn ask_until_taken(&self, key: &str) -> String {
        for _ in 0..100 {
            let answer = self.ask(key);
            match answer.status {
                202 => return answer.location.unwrap(),
                status => assert_eq!((status, answer.retry_after.is_some()), (503, true), "{}", answer.json()),
            }
        }
        panic!("{key} was never taken");
    }

    /// Some exports, each under a key that begins with `phase`.
    fn ask_for_some(&self, phase: &str) -> Vec<String> {
        let some = if is_deep() { 30 } else { 3 };
        (0..some).map(|number| self.ask_until_taken(&format!("{phase}-{number}"))).collect()
    }

    /// Each export succeeds, counts its rows once, and holds the right bytes.
    fn succeed(&self, exports: &[String]) {
        for export in exports {
            let done = self.u1.wait_for(export, "succeeded");
            let (sha256, rows) = &self.expected;
            assert_eq!(&done["progress"]["rows"], rows, "{done}");
            assert_eq!(done["progress"]["segments"], done["progress"]["segments_done"], "{done}");
            let archive = self.u1.request("GET", &self.u1.link(export), &[], None);
            assert_eq!((archive.status, sha256_of(&archive.body).as_str()), (200, sha256.as_str()));
            let letter = format!("mail/{}.ready.eml", done["id"].as_str().unwrap());
            wait_until("the letter", || self.outhaul.data().join(&letter).is_file());
        }
    }

    /// Waits for an export while questions about it may fail.
    fn waits_through(&self, export: &str) {
        wait_until("an export", || self.u1.get(export).json()["state"] == "succeeded");
    }

    fn counts(&self) -> String {
        String::from_utf8(self.u1.get("/metrics").body).unwrap()
    }

    /// What was built goes, so that the next exports are work.
    fn forget_parts(&self) {
        let _ = fs::remove_dir_all(self.outhaul.data().join("artifacts/parts"));
    }

    /// Nothing that needs the tables is answered, and each question soon by where it stands.
    fn is_away(&self, key: &str, export: &str) {
        let login = json!({ "email": EMAIL, "password": PASSWORD });
        let ready = |server: &Server| self.u1.request("GET", &format!("{}/readyz", server.url), &[], None);
        let questions: [(&str, &(dyn Fn() -> Answer + Sync)); 7] = [
            ("creating", &|| self.ask(key)),
            ("the export", &|| self.u1.get(export)),
            ("the list", &|| self.u1.get(&format!("/v1/organisations/{ORG}/exports"))),
            ("a link", &|| self.u1.send("POST", &format!("{export}/links"), &[], &json!({}))),
            ("login", &|| self.u1.send("POST", "/v1/auth/login", &[], &login)),
            ("readiness of the API", &|| ready(&self.api)),
            ("readiness of a worker", &|| ready(&self.workers[0])),
        ];
        std::thread::scope(|scope| {
            for (what, question) in questions {
                scope.spawn(move || {
                    let (began, answer) = (Instant::now(), question());
                    let took = began.elapsed();
                    let told = (answer.status, answer.retry_after.is_some(), answer.json()["code"].clone());
                    assert_eq!(told, (503, true, json!("unavailable")), "{what}");
                    // With room for a machine that is busy otherwise.
                    assert!(took < Duration::from_secs(20), "{what} took {took:?}");
                    println!("  {what}: refused in {:.1} s", took.as_secs_f64());
                });
            }
        });
        let away = self.u1.get("/readyz").json();
        assert!(away["detail"].as_str().unwrap().contains("jobs, accounts, audit"), "{away}");
        let counts = self.counts();
        assert!(counts.contains("outhaul_requests_total{") && !counts.contains("outhaul_exports{"), "{counts}");
    }
}

/// Exports are asked for before, during and after a fault in which the tables do not answer.
fn accepted_exports_succeed(service: &Service, name: &str, fault: &dyn Fn(&Way)) {
    service.forget_parts();
    let key = |phase| format!("{}:{phase}", name.replace(' ', "_"));
    let before = service.ask_for_some(&key("before"));
    fault(&service.way);
    let began = Instant::now();
    println!("{name}:");
    service.is_away(&format!("{}-0", key("during")), &before[0]);
    std::thread::sleep(LONG.saturating_sub(began.elapsed()));
    service.way.mend();
    let mended = Instant::now();
    wait_until("readiness", || service.u1.get("/readyz").status == 200);
    let ready = mended.elapsed().as_secs_f64();
    // Whether the first try was stored or not.
    let during = service.ask_for_some(&key("during"));
    let after = service.ask_for_some(&key("after"));
    [&before, &during, &after].iter().for_each(|exports| service.succeed(exports));
    let all: BTreeSet<_> = before.iter().chain(&during).chain(&after).collect();
    assert_eq!(all.len(), 3 * before.len(), "one key, one export");
    println!(
        "  ready {ready:.1} s after it, all {} had succeeded {:.1} s after it",
        all.len(),
        mended.elapsed().as_secs_f64()
    );
}

/// As many as were asked for have succeeded, and there are no others.
fn none_is_there_twice(service: &Service, exports: usize) {
    wait_until("all to be counted", || service.counts().contains("outhaul_exports{"));
    let counts = service.counts();
    let exports_by_state: Vec<_> = counts.lines().filter(|line| line.starts_with("outhaul_exports{")).collect();
    for line in exports_by_state {
        let expected = if line.contains("\"succeeded\"") { exports } else { 0 };
        assert!(line.ends_with(&format!(" {expected}")), "{expected}: {line}");
    }
    let unfinished = service.outhaul.files().into_iter().filter(|file| file.starts_with("artifacts/tmp/"));
    assert_eq!(unfinished.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn tables_that_are_away_for_a_while() {
    let Some(service) = Service::start() else { return };
    type Begins<'a> = &'a dyn Fn(&Way);
    let faults: [(&str, Begins<'_>); 4] = [
        ("throttled", &|way| {
            way.faults.add(Rule::new(Fault::Answer(400, "ThrottlingException")).percent(50, 9));
            way.faults.add(Rule::new(Fault::Answer(400, "ProvisionedThroughputExceededException")));
        }),
        ("refused", &|way| way.set(Wire::Refused)),
        ("half-open", &|way| way.set(Wire::HalfOpen)),
        ("done, but nobody hears of it", &|way| way.faults.add(Rule::new(Fault::LoseAnswer))),
    ];
    for (name, fault) in faults {
        accepted_exports_succeed(&service, name, fault);
    }
    let each = if is_deep() { 90 } else { 9 };
    none_is_there_twice(&service, faults.len() * each);
}

/// Whoever asks hears nothing of it but a wait.
#[test]
fn tables_that_fail_now_and_then() {
    let Some(service) = Service::start() else { return };
    let share = |fault, percent, seed| Rule::new(fault).percent(percent, seed);
    let writes = |fault, percent, seed| share(fault, percent, seed).on("TransactWriteItems");
    let faults: [(&str, Vec<Rule>); 4] = [
        (
            "asked too much",
            vec![
                share(Fault::Answer(400, "ThrottlingException"), 15, 1),
                writes(Fault::Cancelled("ProvisionedThroughputExceeded"), 10, 2),
                writes(Fault::Cancelled("TransactionConflict"), 10, 3),
                share(Fault::Answer(500, "InternalServerError"), 5, 4),
            ],
        ),
        ("connections cut", vec![share(Fault::CutBody { after_bytes: 20 }, 15, 5), share(Fault::LoseRequest, 10, 6)]),
        ("answers lost", vec![share(Fault::LoseAnswer, 20, 7)]),
        ("slow", vec![share(Fault::Delay(Duration::from_millis(50)), 100, 8)]),
    ];
    let mut exports = 0;
    for (name, rules) in faults {
        service.forget_parts();
        rules.into_iter().for_each(|rule| service.way.faults.add(rule));
        let began = Instant::now();
        let during = service.ask_for_some(&name.replace(' ', "_"));
        during.iter().for_each(|export| service.waits_through(export));
        let (broken, tries) = (service.way.faults.broken(), service.way.faults.most_tries());
        service.way.mend();
        service.succeed(&during);
        exports += during.len();
        println!("{name}: {exports} exports in {:.1} s, {broken} calls broken so far", began.elapsed().as_secs_f64());
        assert!(tries > 1 || name == "slow", "{name}: no call was tried again");
    }
    none_is_there_twice(&service, exports);
}

//! What leaves the program for those who run it: spans for a collector, and more of the log for each `-v`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::server::{Client, PASSWORD, Server, member};
use crate::support::Outhaul;

const QUARTER: (&str, &str) = ("2024-01-01", "2024-01-31");
const DEADLINE: Duration = Duration::from_secs(60);

/// A collector that takes whatever comes to `/v1/traces`.
struct Collector {
    url: String,
    batches: Receiver<Vec<u8>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let (sender, batches) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.unwrap());
                    while let Some(batch) = request(&mut reader) {
                        let _ = sender.send(batch);
                        reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                    }
                });
            }
        });
        Self { url, batches }
    }

    /// Everything that came, once all of these are in it.
    #[track_caller]
    fn wait_for(&self, wanted: &[&str]) -> String {
        let mut text = String::new();
        loop {
            let batch = self.batches.recv_timeout(DEADLINE);
            let batch = batch.unwrap_or_else(|_| panic!("not all of {wanted:?} came"));
            // Names and values stand in protobuf as they are.
            text.push_str(&String::from_utf8_lossy(&batch));
            if wanted.iter().all(|part| text.contains(part)) {
                return text;
            }
        }
    }
}

/// One request's body; `None` once the client has closed.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let (mut length, mut line) = (0, String::new());
    assert!(reader.read_line(&mut line).ok()? == 0 || line.starts_with("POST /v1/traces HTTP/1.1"), "{line}");
    while !line.trim().is_empty() {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
        reader.read_line(&mut line).ok()?;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    (length > 0).then_some(body)
}

fn with_messages(outhaul: &Outhaul) {
    let path = outhaul.generate("m.ndjson", &["--messages", "500", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&path]);
    member(outhaul, "org-0001", "u1@example.org", "admin");
}

#[test]
fn telemetry_spans_of_requests_and_steps_reach_a_collector() {
    let collector = Collector::start();
    let outhaul =
        Outhaul::new().with("OUTHAUL_TELEMETRY__TRACES_URL", &collector.url).with("OTEL_BSP_SCHEDULE_DELAY", 100);
    with_messages(&outhaul);
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, "u1@example.org");
    let export = u1.ask("org-0001", QUARTER);
    u1.wait_for(&export, "succeeded");
    let id = export.rsplit('/').next().unwrap();
    let route = "/v1/organisations/{org}/exports/{id}";
    let text =
        collector.wait_for(&["service.name", "outhaul", "request", route, "request answered", "step", id, "assemble"]);
    for secret in [PASSWORD, "u1@example.org", &u1.token] {
        assert!(!text.contains(secret), "{secret} left the process");
    }
    // What was not sent yet goes with the end of the process.
    u1.get("/docs/nothing-like-this");
    assert_eq!(server.stop(), Some(0));
    collector.wait_for(&["/docs/{file}"]);
}

#[test]
fn telemetry_a_collector_that_is_away_keeps_nobody() {
    let outhaul = Outhaul::new().with("OUTHAUL_TELEMETRY__TRACES_URL", "http://127.0.0.1:1/v1/traces");
    with_messages(&outhaul);
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, "u1@example.org");
    u1.wait_for(&u1.ask("org-0001", QUARTER), "succeeded");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn telemetry_each_v_tells_more() {
    let outhaul = Outhaul::new().with("OUTHAUL_LOGS__LEVEL", "error");
    let text = "canary of a message";
    let line = format!("{{\"message_id\":\"m\",\"sent_at\":\"2024-01-02T00:00:00Z\",\"text\":\"{text}\"}}\n");
    std::fs::write(outhaul.file("m.ndjson"), line).unwrap();
    // What each level tells, and what only the next one does. How many lines that are depends on how long it takes.
    for (flags, wanted, unwanted) in [
        ("-q", &[][..], &[" INFO ", " DEBUG ", " TRACE "][..]),
        ("-v", &["file taken", "step done"], &[" DEBUG ", " TRACE "]),
        ("-vv", &["file taken", "claimed"], &[" TRACE "]),
        ("-vvv", &["file taken", "claimed", "leases held"], &[]),
    ] {
        let key = format!("--batch-key=batch{flags}");
        let ingested = outhaul.run(&[flags, "ingest", "--org", "o", "--create", &key, "m.ndjson"]);
        let args = ["export", "messages", "--org", "o", "--from", "2024-01-01", "--to", "2024-01-31", "--no-reuse"];
        let exported = outhaul.run(&[&[flags][..], &args, &["--output", "a.zip", "--force"]].concat()).expect(0);
        let told = ingested.expect(0).stderr + &exported.stderr;
        assert!(wanted.iter().all(|part| told.contains(part)) && !told.contains(text), "{flags}: {told}");
        assert!(!unwanted.iter().any(|part| told.contains(part)), "{flags} told too much: {told}");
    }
}

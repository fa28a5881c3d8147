//! Letters over the wire: taken over by an emulator, and answered in every way that SES has.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws::{Credentials, Place};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use domain::clock::{Clock, ManualClock};
use domain::finding::Verdict;
use domain::random::{Generator, Random};
use domain::secret::Secret;
use domain::time::Micros;
use engines::{AwsFaults, Fault, Rule, Tables};
use notifier::{Attachment, Letter, MediaType, Notifier, NotifyError, Sender};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::*;

/// Long enough for whoever answers, on a busy machine too.
const PATIENCE_SECONDS: u64 = 20;

/// The address of an emulator whose letters can be read back: the one that has tables, too.
fn emulator() -> Option<String> {
    Tables::ministack().map(|tables| tables.endpoint().to_owned())
}

fn sender() -> Sender {
    "Exports <exports@example.org>".parse().unwrap()
}

async fn notifier(endpoint: &str, timeout_seconds: u64) -> SesNotifier {
    let keys = Credentials::Keys {
        access_key: "AKIACANARY".to_owned(),
        secret_key: Secret::new("canary-secret"),
        session_token: None,
    };
    let place = Place { endpoint: Some(endpoint.to_owned()), credentials: keys, ..Place::new("eu-central-1") };
    let options = SesOptions { place, timeout_seconds, ..SesOptions::new("eu-central-1") };
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Micros(1_795_000_000_000_000)));
    let random: Arc<dyn Random> = Arc::new(Generator::<ChaCha8Rng>::seeded(1));
    SesNotifier::new(&options, sender(), clock, random).await.unwrap()
}

fn letter(to: &str) -> Letter {
    Letter {
        id: "a.ready".parse().unwrap(),
        to: to.parse().unwrap(),
        subject: "Your export is ready".parse().unwrap(),
        text: "It is there, Zoë.\n".to_owned(),
        html: "<p>It is there, Zo\u{eb}.</p>\n".to_owned(),
        attachment: Some(Attachment {
            file_name: "memberships.csv".parse().unwrap(),
            media_type: MediaType::of(&"memberships.csv".parse().unwrap()).unwrap(),
            bytes: b"id,name\r\n1,a\r\n".to_vec(),
        }),
    }
}

/// What a server of HTTP/1.1 says to one request, as text.
fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Says that letters may come from and go to `example.org`, as a person would once.
fn verify(address: &str) {
    let body = r#"{"EmailIdentity":"example.org"}"#;
    let signed = "Authorization: AWS4-HMAC-SHA256 Credential=AKIACANARY/20260101/eu-central-1/ses/aws4_request";
    let head = format!("POST /v2/email/identities HTTP/1.0\r\nHost: localhost\r\n{signed}\r\n");
    let said = ask(address, &format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()));
    assert!(said.contains(" 200 "), "{said}");
}

/// The letters to somebody that the emulator has taken over.
fn inbox(address: &str, to: &str) -> Vec<Value> {
    let text = ask(address, "GET /_ministack/ses/messages HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let body = text.split_once("\r\n\r\n").unwrap().1;
    let all: Value = serde_json::from_str(body).unwrap();
    let accounts = all["messages"].as_object().unwrap().values();
    let letters = accounts.flat_map(|letters| letters.as_array().unwrap().clone());
    letters.filter(|letter| letter.to_string().contains(to)).collect()
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let Some(address) = emulator() else { return };
    let to = format!("whole-{}@example.org", std::process::id());
    verify(&address);
    let notifier = notifier(&address, PATIENCE_SECONDS).await;
    notifier.ping().await.unwrap();
    notifier.send(&letter(&to)).await.unwrap();
    let [letter] = inbox(&address, &to).try_into().unwrap();
    assert_eq!((&letter["Subject"], &letter["To"]), (&json!("Your export is ready"), &json!([to])));
    assert_eq!(letter["BodyText"].as_str().unwrap().trim_end(), "It is there, Zoë.");
    assert_eq!(letter["BodyHtml"].as_str().unwrap().trim_end(), "<p>It is there, Zoë.</p>");
}

/// What is handed over is the message that a mail server would get, and the letter's id once more.
#[tokio::test]
async fn the_whole_message_is_handed_over() {
    let server = Scripted::start(Does::Takes);
    notifier(&server.address, PATIENCE_SECONDS).await.send(&letter("u1@example.org")).await.unwrap();
    let sent: Value = serde_json::from_slice(&server.last.lock().unwrap()).unwrap();
    assert_eq!(sent["Destination"]["ToAddresses"], json!(["u1@example.org"]));
    let message = STANDARD.decode(sent["Content"]["Raw"]["Data"].as_str().unwrap()).unwrap();
    let message = String::from_utf8(message).unwrap();
    for part in [
        "From: Exports <exports@example.org>\r\n",
        "To: u1@example.org\r\n",
        "Subject: Your export is ready\r\n",
        "Message-ID: <a.ready@example.org>\r\n",
        "X-Outhaul-Letter: a.ready\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: text/plain",
        "Content-Type: text/html",
        "filename=\"memberships.csv\"",
        &STANDARD.encode("id,name\r\n1,a\r\n"),
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

/// The letter is not sent again by itself, since it may be there: who counts attempts does that.
#[tokio::test]
async fn an_answer_that_is_lost_is_one_letter() {
    let Some(address) = emulator() else { return };
    verify(&address);
    let to = format!("lost-{}@example.org", std::process::id());
    let faults = AwsFaults::to(&address);
    faults.add(Rule::new(Fault::LoseAnswer));
    let error = notifier(&faults.endpoint(), PATIENCE_SECONDS).await.send(&letter(&to)).await.unwrap_err();
    assert!(matches!(error, NotifyError::Unreachable { .. }) && error.retryable(), "{error:?}");
    assert_eq!(inbox(&address, &to).len(), 1);
}

#[tokio::test]
async fn a_doctor_hears_of_the_account_and_the_sender() {
    let Some(address) = emulator() else { return };
    let findings = notifier(&address, PATIENCE_SECONDS).await.check().await;
    let names: Vec<_> = findings.iter().map(|finding| finding.what).collect();
    assert_eq!(names, ["ses reachable", "ses account", "ses sender", "ses clock"], "{findings:?}");
    assert_eq!(findings[0].verdict, Verdict::Ok);
    let away = notifier("http://127.0.0.1:1", PATIENCE_SECONDS).await.check().await;
    assert_eq!(away.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), [Verdict::Fail]);
}

/// A server that takes requests and does one thing with each.
struct Scripted {
    address: String,
    asked: Arc<AtomicUsize>,
    /// The last body that came.
    last: Arc<Mutex<Vec<u8>>>,
}

#[derive(Clone, Copy)]
enum Does {
    /// Answers with this status and error code.
    Says(u16, &'static str),
    /// Answers as SES does to a letter that it takes.
    Takes,
    /// Reads and says nothing.
    Hangs,
    /// Reads and closes.
    Drops,
}

impl Scripted {
    fn start(does: Does) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, asked) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
        let (count, last) = (Arc::clone(&asked), Arc::<Mutex<Vec<u8>>>::default());
        let body = Arc::clone(&last);
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                *body.lock().unwrap() = read_request(&stream);
                count.fetch_add(1, Ordering::SeqCst);
                match does {
                    Does::Hangs => held.push(stream),
                    Does::Drops => drop(stream),
                    Does::Takes => answer(stream, 200, "", r#"{"MessageId":"1"}"#),
                    Does::Says(status, code) => {
                        answer(stream, status, code, r#"{"message":"<canary@example.org> said no"}"#);
                    }
                }
            }
        });
        Self { address, asked, last }
    }
}

fn read_request(stream: &TcpStream) -> Vec<u8> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(bytes) = line.strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    body
}

fn answer(mut stream: TcpStream, status: u16, code: &str, body: &str) {
    let head = format!("HTTP/1.1 {status} X\r\nx-amzn-ErrorType: {code}\r\nContent-Type: application/json\r\n");
    let tail = format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all((head + &tail).as_bytes()).unwrap();
}

/// Sends to a server that does `does`; returns the error, which may repeat nothing that the server said.
async fn send(does: Does) -> NotifyError {
    let server = Scripted::start(does);
    let seconds = if matches!(does, Does::Hangs) { 1 } else { PATIENCE_SECONDS };
    let error = notifier(&server.address, seconds).await.send(&letter("u1@example.org")).await.unwrap_err();
    assert_eq!(server.asked.load(Ordering::SeqCst), 1, "{error:?}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary") && !shown.contains("u1@"), "{shown}");
    error
}

#[tokio::test]
async fn answers_that_put_a_letter_off() {
    let cases = [
        (429, "TooManyRequestsException"),
        (400, "LimitExceededException"),
        (400, "SendingPausedException"),
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
    ];
    for (status, code) in cases {
        let error = send(Does::Says(status, code)).await;
        assert!(matches!(&error, NotifyError::Deferred { code: said } if said == code), "{error:?}");
        assert!(error.retryable());
    }
}

#[tokio::test]
async fn answers_that_refuse_a_letter_for_good() {
    for code in ["MessageRejected", "MailFromDomainNotVerifiedException", "BadRequestException"] {
        let error = send(Does::Says(400, code)).await;
        assert!(matches!(&error, NotifyError::Rejected { code: said } if said == code), "{error:?}");
        assert!(!error.retryable());
    }
}

#[tokio::test]
async fn answers_that_are_about_this_program() {
    let cases = [
        (403, "InvalidClientTokenId"),
        (403, "AccessDeniedException"),
        (400, "AccountSuspendedException"),
        (404, "NotFoundException"),
    ];
    for (status, code) in cases {
        let error = send(Does::Says(status, code)).await;
        assert!(matches!(&error, NotifyError::Denied { code: said } if said == code), "{error:?}");
        assert!(error.retryable());
    }
}

#[tokio::test]
async fn servers_that_say_nothing() {
    let error = send(Does::Hangs).await;
    assert!(matches!(error, NotifyError::TimedOut { seconds: 1 }), "{error:?}");
    let error = send(Does::Drops).await;
    assert!(matches!(error, NotifyError::Unreachable { .. }) && error.retryable(), "{error:?}");
    let nobody = notifier("http://127.0.0.1:1", PATIENCE_SECONDS).await;
    let error = nobody.send(&letter("u1@example.org")).await.unwrap_err();
    assert!(matches!(error, NotifyError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn options_that_cannot_be_are_named() {
    let set = |name: &str| SesOptions { configuration_set: Some(name.to_owned()), ..SesOptions::new("eu-central-1") };
    let field = |options: SesOptions| options.check().err().map(|error| error.field);
    assert_eq!(field(set("letters")), None);
    assert_eq!(field(set("")), Some("configuration_set"));
    assert_eq!(field(set("a b")), Some("configuration_set"));
    assert_eq!(field(SesOptions { timeout_seconds: 0, ..SesOptions::new("a") }), Some("timeout_seconds"));
    assert_eq!(field(SesOptions::new("")), Some("region"));
}

//! Letters taken over by a mail server that is not ours (aiosmtpd), with each kind of TLS and with a login.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use domain::secret::Secret;
use notifier::{Notifier, NotifyError, SmtpNotifier, SmtpOptions, Tls};
use serde_json::Value;

use crate::support::{check, clock, letter, python, reader, sender, with_file};

struct Server {
    process: Child,
    lines: Receiver<String>,
    port: u16,
}

impl Server {
    fn start(python: &Path, tls: Tls, login: Option<&str>) -> Self {
        let mut command = Command::new(python);
        command.arg(reader("smtp_server.py")).args(["--tls", tls.name(), "--certificate"]).arg(file("localhost.pem"));
        command.args(login.map(|login| format!("--login={login}")));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        let (told, lines) = channel();
        // Always read, so that the server never waits to tell what it got.
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
        let mut server = Self { process, lines, port: 0 };
        server.port = server.line()["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        server
    }

    /// What the server tells next.
    fn line(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    fn options(&self, tls: Tls) -> SmtpOptions {
        let certificates = Some(std::fs::read(file("authority.pem")).expect("the authority"));
        SmtpOptions { port: self.port, certificates, ..SmtpOptions::new("localhost", tls) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/tls").join(name)
}

fn notifier(options: SmtpOptions) -> SmtpNotifier {
    SmtpNotifier::new(options, sender(), clock()).expect("options that fit")
}

#[tokio::test]
async fn letters_arrive_whole_over_each_kind_of_tls() {
    let Some(python) = python("letters_arrive_whole_over_each_kind_of_tls") else { return };
    for tls in [Tls::None, Tls::StartTls, Tls::Implicit] {
        let server = Server::start(&python, tls, None);
        let notifier = notifier(server.options(tls));
        notifier.ping().await.expect("the server is there");
        for letter in [letter("a.ready"), with_file("b.ready")] {
            notifier.send(&letter).await.expect("taken");
            let told = server.line();
            assert_eq!(told["sender"], "exports@example.org");
            assert_eq!(told["recipients"], serde_json::json!(["u1@example.org"]));
            assert_eq!(told["tls"], tls != Tls::None, "{}", tls.name());
            check(&told["letter"], &letter);
        }
    }
}

#[tokio::test]
async fn many_letters_at_once_arrive_once_each() {
    let Some(python) = python("many_letters_at_once_arrive_once_each") else { return };
    let server = Server::start(&python, Tls::None, None);
    let notifier = std::sync::Arc::new(notifier(server.options(Tls::None)));
    let sends: Vec<_> = (0..20)
        .map(|number| {
            let notifier = std::sync::Arc::clone(&notifier);
            tokio::spawn(async move { notifier.send(&letter(&format!("{number}.ready"))).await })
        })
        .collect();
    for send in sends {
        send.await.expect("no panic").expect("taken");
    }
    let mut ids: Vec<_> = (0..20).map(|_| server.line()["letter"]["headers"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[tokio::test]
async fn a_login_lets_in_and_a_wrong_one_does_not() {
    let Some(python) = python("a_login_lets_in_and_a_wrong_one_does_not") else { return };
    let server = Server::start(&python, Tls::StartTls, Some("mailer:right"));
    let with = |password: &str| {
        let login = Some(("mailer".to_owned(), Secret::new(password)));
        notifier(SmtpOptions { login, ..server.options(Tls::StartTls) })
    };
    let (right, wrong) = (with("right"), with("canary"));
    let nobody = notifier(server.options(Tls::StartTls));
    right.send(&letter("a.ready")).await.expect("taken");
    assert_eq!(server.line()["user"], "mailer");
    for refused in [wrong.send(&letter("b.ready")).await, wrong.ping().await, nobody.send(&letter("b.ready")).await] {
        let error = refused.expect_err("not let in");
        assert!(matches!(error, NotifyError::NotLetIn { code: 530 | 535 }), "{error:?}");
        assert!(error.retryable() && !format!("{error} {error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_server_that_cannot_prove_its_name_gets_nothing() {
    let Some(python) = python("a_server_that_cannot_prove_its_name_gets_nothing") else { return };
    for tls in [Tls::StartTls, Tls::Implicit] {
        let server = Server::start(&python, tls, None);
        let untrusted = SmtpOptions { certificates: None, ..server.options(tls) };
        let other_name = SmtpOptions { host: "127.0.0.1".to_owned(), ..server.options(tls) };
        for options in [untrusted, other_name] {
            let error = notifier(options).send(&letter("a.ready")).await.expect_err("not trusted");
            assert!(matches!(&error, NotifyError::Unreachable { why } if why.contains("certificate")), "{error:?}");
            assert!(error.retryable());
        }
    }
}

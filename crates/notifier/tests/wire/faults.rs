//! Mail servers that refuse, hang, drop or babble: what each means for the letter, and that the next one gets through.

use std::net::TcpListener;

use domain::secret::Secret;
use engines::{MailDoes as Does, MailServer};
use notifier::{Notifier, NotifyError, SmtpNotifier, SmtpOptions, Tls};

use crate::support::{clock, letter, sender};

/// Long enough for every server that answers, on a busy machine too.
const PATIENCE_SECONDS: u64 = 20;

fn notifier(port: u16, tls: Tls) -> SmtpNotifier {
    with_patience(port, tls, PATIENCE_SECONDS)
}

fn with_patience(port: u16, tls: Tls, timeout_seconds: u64) -> SmtpNotifier {
    let login = Some(("canary-user".to_owned(), Secret::new("canary-password")));
    let options = SmtpOptions { port, login, timeout_seconds, ..SmtpOptions::new("127.0.0.1", tls) };
    SmtpNotifier::new(options, sender(), clock()).expect("options that fit")
}

/// Sends to a server that does `then` at `word`; returns the error, which may repeat nothing that the server said.
async fn send(word: &'static str, then: Does) -> NotifyError {
    let server = MailServer::that(word, then);
    let seconds = if matches!(then, Does::Hangs | Does::Dribbles) { 1 } else { PATIENCE_SECONDS };
    let error = with_patience(server.port(), Tls::None, seconds).send(&letter("a.ready")).await.expect_err(word);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary"), "{shown}");
    error
}

#[tokio::test]
async fn answers_that_put_a_letter_off() {
    for word in ["", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        let error = send(word, Does::Says("451 4.3.0 <canary@example.org> later")).await;
        assert!(matches!(error, NotifyError::PutOff { code: 451 }) && error.retryable(), "{word}: {error:?}");
    }
}

#[tokio::test]
async fn answers_that_refuse_a_letter_for_good() {
    for word in ["MAIL", "RCPT", "DATA", "."] {
        let error = send(word, Does::Says("550 5.1.1 <canary@example.org> unknown")).await;
        assert!(matches!(error, NotifyError::Refused { code: 550 }) && !error.retryable(), "{word}: {error:?}");
    }
}

#[tokio::test]
async fn answers_that_are_about_this_program() {
    let cases =
        [("", "554 no"), ("EHLO", "554 no"), ("AUTH", "535 canary"), ("MAIL", "530 canary"), ("RCPT", "530 no")];
    for (word, line) in cases {
        let error = send(word, Does::Says(line)).await;
        assert!(matches!(error, NotifyError::NotLetIn { .. }) && error.retryable(), "{word}: {error:?}");
    }
}

#[tokio::test]
async fn connections_that_end() {
    for word in ["", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        let error = send(word, Does::Drops).await;
        assert!(matches!(error, NotifyError::Unreachable { .. }) && error.retryable(), "{word}: {error:?}");
    }
}

#[tokio::test]
async fn servers_that_speak_otherwise() {
    for word in ["", "EHLO", "RCPT", "."] {
        for line in ["HTTP/1.1 400 canary", "2", "", "999 canary"] {
            let error = send(word, Does::Says(line)).await;
            assert!(error.retryable(), "{word} {line}: {error:?}");
        }
    }
}

#[tokio::test]
async fn servers_that_hang_or_never_end_are_given_up_in_time() {
    let cases = ["", "AUTH", "RCPT", "."].map(|word| (word, Does::Hangs));
    let cases = cases.into_iter().chain([("EHLO", Does::Dribbles), (".", Does::Dribbles)]);
    let sends: Vec<_> = cases.map(|(word, does)| tokio::spawn(send(word, does))).collect();
    for send in sends {
        let error = send.await.expect("no panic");
        assert!(matches!(error, NotifyError::TimedOut { seconds: 1 }) && error.retryable(), "{error:?}");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let notifier = notifier(port, Tls::None);
    for error in [notifier.send(&letter("a.ready")).await, notifier.ping().await] {
        let error = error.expect_err("nobody there");
        assert!(matches!(error, NotifyError::Unreachable { .. }) && error.retryable(), "{error:?}");
    }
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let server = MailServer::that(".", Does::SaysSlowly("250 taken"));
    notifier(server.port(), Tls::None).send(&letter("a.ready")).await.expect("taken");
}

/// Once the server has it, nothing that happens later makes it unsent.
#[tokio::test]
async fn a_letter_that_was_taken_is_sent_however_the_conversation_ends() {
    for does in [Does::Drops, Does::Hangs, Does::Says("421 canary")] {
        let server = MailServer::that("QUIT", does);
        notifier(server.port(), Tls::None).send(&letter("a.ready")).await.expect("taken");
    }
}

/// The rest of a conversation that was given up never mixes with the next letter.
#[tokio::test]
async fn the_next_letter_has_a_conversation_of_its_own() {
    let server = MailServer::that(".", Does::Hangs);
    let notifier = with_patience(server.port(), Tls::None, 3);
    for _ in 0..2 {
        notifier.send(&letter("a.ready")).await.expect_err("given up");
        let words: Vec<_> = server.commands().iter().map(|line| line[..4.min(line.len())].to_owned()).collect();
        assert_eq!(words, ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."]);
    }
}

#[tokio::test]
async fn a_server_without_starttls_learns_nothing() {
    let server = MailServer::that("STARTTLS", Does::Says("502 no"));
    let error = notifier(server.port(), Tls::StartTls).send(&letter("a.ready")).await.expect_err("no TLS");
    assert!(error.retryable(), "{error:?}");
    let commands = server.commands();
    assert!(commands.iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")), "{commands:?}");
}

//! Mail servers that fail beside a running service: the export stands, and one letter about it is taken.

use engines::{MailDoes, MailServer};

use crate::server::{Client, Server, member, wait_until};
use crate::support::Outhaul;

const ORG: &str = "org-0001";
const EMAIL: &str = "u1@example.org";
const DAYS: (&str, &str) = ("2024-01-01", "2024-01-02");

/// A service whose letters go to `mail`, with waits that a test has time for.
fn outhaul(mail: &MailServer) -> Outhaul {
    let outhaul = Outhaul::impatient()
        .with("OUTHAUL_MAIL__KIND", "smtp")
        .with("OUTHAUL_MAIL__HOST", "127.0.0.1")
        .with("OUTHAUL_MAIL__PORT", mail.port())
        .with("OUTHAUL_MAIL__TLS", "none")
        .with("OUTHAUL_MAIL__TIMEOUT_SECONDS", 2)
        .with("OUTHAUL_LIMITS__RETRY_MILLISECONDS", 20);
    let messages = outhaul.generate("m.ndjson", &["--messages", "500", "--organisations", "1", "--days", "2"]);
    outhaul.ingest(ORG, &[&messages]);
    member(&outhaul, ORG, EMAIL, "member");
    outhaul
}

fn id_of(export: &str) -> &str {
    export.rsplit('/').next().unwrap()
}

/// How many letters about an export came whole, and how many of those were answered that they were taken.
fn letters(mail: &MailServer, export: &str) -> (usize, usize) {
    let all = mail.letters();
    let about: Vec<_> = all.iter().filter(|letter| letter.message_id.contains(id_of(export))).collect();
    assert!(about.iter().all(|letter| letter.message_id == about[0].message_id), "{about:?}");
    (about.len(), about.iter().filter(|letter| letter.taken).count())
}

/// Whatever the server does, the archive can be fetched meanwhile; when it is well again it takes the letter once.
#[test]
fn a_mail_server_that_fails_for_a_while_gets_the_letter_once() {
    let mail = MailServer::start();
    let outhaul = outhaul(&mail);
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, EMAIL);
    let faults = [
        ("", MailDoes::Drops),
        ("RCPT", MailDoes::Says("451 4.3.0 later")),
        (".", MailDoes::Says("451 4.3.0 later")),
        ("MAIL", MailDoes::Hangs),
        ("DATA", MailDoes::Drops),
    ];
    for (word, does) in faults {
        mail.set(word, does);
        let export = u1.ask(ORG, DAYS);
        u1.wait_for(&export, "succeeded");
        if word == "." {
            wait_until("a second try", || letters(&mail, &export).0 > 1);
        }
        assert_eq!(u1.request("GET", &u1.link(&export), &[], None).status, 200, "{word}");
        assert_eq!(letters(&mail, &export).1, 0, "{word}");
        mail.mend();
        wait_until("the letter", || letters(&mail, &export).1 == 1);
        // Nobody sends it again: the next letter is taken, and this one still stands once.
        let next = u1.ask(ORG, DAYS);
        u1.wait_for(&next, "succeeded");
        wait_until("the next letter", || letters(&mail, &next).1 == 1);
        assert_eq!(letters(&mail, &export).1, 1, "{word}");
        assert_eq!(u1.get(&export).json()["state"], "succeeded");
    }
}

/// It had the whole text and did not say so: the letter is sent again, and is known by its Message-ID.
#[test]
fn a_mail_server_that_drops_after_the_text_gets_the_same_letter_again() {
    let mail = MailServer::that(".", MailDoes::Drops);
    let outhaul = outhaul(&mail);
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, EMAIL);
    let export = u1.ask(ORG, DAYS);
    u1.wait_for(&export, "succeeded");
    wait_until("the text", || letters(&mail, &export).0 > 0);
    mail.mend();
    wait_until("the letter", || letters(&mail, &export).1 == 1);
}

/// A letter that is refused for good is given up; the export is as good as before.
#[test]
fn a_mail_server_that_refuses_undoes_nothing() {
    let mail = MailServer::that("RCPT", MailDoes::Says("550 5.1.1 unknown"));
    let outhaul = outhaul(&mail);
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, EMAIL);
    let refused = u1.ask(ORG, DAYS);
    u1.wait_for(&refused, "succeeded");
    wait_until("the refusal", || mail.commands().iter().any(|command| command.starts_with("RCPT")));
    mail.mend();
    let taken = u1.ask(ORG, DAYS);
    u1.wait_for(&taken, "succeeded");
    wait_until("the next letter", || letters(&mail, &taken).1 == 1);
    assert_eq!(letters(&mail, &refused), (0, 0));
    assert_eq!(u1.get(&refused).json()["state"], "succeeded");
    assert_eq!(u1.request("GET", &u1.link(&refused), &[], None).status, 200);
}

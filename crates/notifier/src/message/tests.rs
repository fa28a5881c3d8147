//! Messages are the same bytes each time, whatever a letter's values are, and no value leaves its header.

use super::*;
use crate::MediaType;

const NOW: Micros = Micros(1_617_890_704_999_999);

fn letter(to: &str, attachment: Option<Attachment>) -> Letter {
    Letter {
        id: "01890a5d-ac96-774b-bcce-b302099a8057.ready".parse().unwrap(),
        to: to.parse().unwrap(),
        subject: "Größe".parse().unwrap(),
        text: "--=_alternative\n.\nFrom you\n".repeat(3),
        html: "<p>--=_mixed</p>".to_owned(),
        attachment,
    }
}

fn text(letter: &Letter, from: &str) -> String {
    String::from_utf8(message(letter, &from.parse().unwrap(), NOW).unwrap().formatted()).unwrap()
}

#[test]
fn the_same_letter_is_the_same_bytes() {
    let bytes = vec![0, 255, b'\n', b'-'];
    let attachment = Attachment { file_name: "a.zip".parse().unwrap(), media_type: MediaType::Zip, bytes };
    let letter = letter("u1@example.org", Some(attachment));
    assert_eq!(text(&letter, "exports@example.org"), text(&letter, "exports@example.org"));
}

#[test]
fn the_headers_say_who_when_and_that_nobody_wrote_it() {
    let text = text(&letter("u1@example.org", None), "Exports <exports@mail.example.org>");
    for header in [
        "Message-ID: <01890a5d-ac96-774b-bcce-b302099a8057.ready@mail.example.org>\r\n",
        "Date: Thu, 08 Apr 2021 14:05:04 +0000\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "From: Exports <exports@mail.example.org>\r\n",
        "To: u1@example.org\r\n",
        "MIME-Version: 1.0\r\n",
    ] {
        assert!(text.contains(header), "{header} is not in {text}");
    }
}

#[test]
fn a_text_cannot_end_a_part() {
    let text = text(&letter("u1@example.org", None), "exports@example.org");
    let boundary = text.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(boundary.len() <= 70, "{boundary}");
    assert_eq!(text.matches(&format!("\r\n--{boundary}")).count(), 3);
}

#[test]
fn every_address_and_time_can_be_written() {
    let local = "a".repeat(64);
    let domain = format!("{}.example.org", "b".repeat(63));
    for to in [
        "a@localhost",
        "!#$%&'*+-/=?^_`{|}~@example.org",
        "a.b+c@x-y.example",
        "1@2.example",
        &format!("{local}@{domain}"),
    ] {
        let letter = letter(to, None);
        assert!(text(&letter, "exports@example.org").contains(&format!("To: {}", &letter.to.as_str()[..1])), "{to}");
    }
    for now in [Micros::MIN, Micros(0), Micros::MAX, Micros(i64::MAX)] {
        assert!(message(&letter("a@b.example", None), &"a@b.example".parse().unwrap(), now).is_ok());
    }
}

#[test]
fn a_sender_is_parsed() {
    for good in ["exports@example.org", "Exports <exports@example.org>", "Größe, \"x\" <a@b.example>", "<a@b.example>"]
    {
        assert_eq!(good.parse::<Sender>().is_ok(), good != "<a@b.example>", "{good}");
    }
    for bad in [
        "",
        "a",
        "a\r\nBcc: x@y.example <a@b.example>",
        "a <a@b.example> x",
        "a <b <c@d.example>>",
        "=?utf-8?q?a?= <a@b.example>",
    ] {
        assert_eq!(bad.parse::<Sender>(), Err(ParseError::Sender), "{bad:?}");
    }
}

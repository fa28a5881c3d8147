//! Every refusal of the contract by field and reason, and what is taken.

use proptest::prelude::*;

use crate::ingest::line::LineParser;
use crate::ingest::validate::{Fault, InputLimits};
use crate::rows::testing::Message;

fn parse(line: impl AsRef<[u8]>) -> Result<Message, Fault> {
    let mut parser = LineParser::new("acme".parse().unwrap(), InputLimits::default());
    let message = parser.parse(line.as_ref())?;
    let row = message.row();
    let owned = |value: Option<&str>| value.map(str::to_owned);
    Ok(Message {
        sent_at: row.sent_at.0,
        message_id: row.message_id.to_owned(),
        channel: owned(row.channel),
        thread: owned(row.thread),
        sender: owned(row.sender),
        edited_at: row.edited_at.map(|at| at.0),
        kind: row.kind.to_owned(),
        text: row.text.to_owned(),
        attributes: owned(row.attributes),
    })
}

/// A line with the three required fields, and more fields behind them.
fn with(more: &str) -> String {
    format!(r#"{{"message_id":"m","sent_at":"1970-01-01T00:00:00Z","text":"t"{more}}}"#)
}

#[track_caller]
fn refused(line: impl AsRef<[u8]>, field: Option<&str>, reason: &str) {
    let line = line.as_ref();
    let shown = String::from_utf8_lossy(&line[..line.len().min(200)]);
    match parse(line) {
        Ok(message) => panic!("{shown} was taken: {message:?}"),
        Err(fault) => assert_eq!((fault.field.as_deref(), fault.reason.as_ref()), (field, reason), "{shown}"),
    }
}

#[test]
fn a_full_and_a_bare_message_are_taken() {
    let full = r#" { "attributes" : { "b": 1.0, "a": [ ] }, "kind":"join", "org":"acme", "edited_at":"1970-01-01T01:00:00.5+01:00",
        "sender":"", "thread":"\u0041\n", "channel":"c😀", "text":"\ud83d\ude00", "sent_at":"1970-01-01t00:00:01z", "message_id":"m" } "#;
    let expected = Message {
        channel: Some("c😀".to_owned()),
        thread: Some("A\n".to_owned()),
        sender: Some(String::new()),
        edited_at: Some(500_000),
        kind: "join".to_owned(),
        attributes: Some(r#"{"b":1.0,"a":[]}"#.to_owned()),
        ..Message::new(1_000_000, "m", "😀")
    };
    assert_eq!(parse(full.replace('\n', "")), Ok(expected));
    let bare = Message::new(0, "m", "t");
    assert_eq!(parse(with("")), Ok(bare.clone()));
    assert_eq!(parse(with("") + "\r"), Ok(bare.clone()));
    let nulls = r#","channel":null,"thread":null,"sender":null,"edited_at":null,"kind":null,"attributes":null"#;
    assert_eq!(parse(with(nulls)), Ok(bare.clone()));
    assert_eq!(parse(with(r#","\u006frg":"ac\u006de""#)), Ok(bare.clone()));
    assert_eq!(parse(with(r#","attributes":{}"#)), Ok(Message { attributes: Some("{}".to_owned()), ..bare }));
}

#[test]
fn what_is_no_json_object_is_refused_as_a_line() {
    for line in ["[]", "1", "\"text\"", "null", "x", "}"] {
        refused(line, None, "is not a JSON object");
    }
    refused("\u{feff}{}", None, "starts with a byte order mark");
    refused("{", None, "is not valid JSON at byte 1: EOF while parsing an object");
    let end = with("").len();
    let broken = |more: &str, offset: usize, what: &str| {
        refused(with(more), None, &format!("is not valid JSON at byte {}: {what}", end - 1 + offset));
    };
    refused(with("") + "x", None, &format!("is not valid JSON at byte {}: trailing characters", end + 1));
    refused(with("") + "{}", None, &format!("is not valid JSON at byte {}: trailing characters", end + 1));
    broken(",", 2, "trailing comma");
    broken(r#","kind":'x'"#, 9, "expected value");
    broken(",\"kind\":\"a\tb\"", 10, "control character (\\u0000-\\u001F) found while parsing a string");
    broken(r#","kind":"\x""#, 11, "invalid escape");
    broken(r#","attributes":{"a":01}"#, 21, "invalid number");
    broken(r#","attributes":{"a":NaN}"#, 20, "expected value");
    refused(r#"{"a":1,"message_id":}"#, None, "is not valid JSON at byte 21: expected value");
}

#[test]
fn fields_are_refused_by_name() {
    refused(with(r#","Text":"x""#), Some("Text"), "is not a field of a message");
    refused(with(r#","":1"#), Some(""), "is not a field of a message");
    refused(with(&format!(r#","{}":1"#, "é".repeat(500))), Some(&"é".repeat(128)), "is not a field of a message");
    refused(with(r#","text":"t""#), Some("text"), "stands there twice");
    refused(with(r#","kind":null,"k\u0069nd":null"#), Some("kind"), "stands there twice");
    refused(with(r#","org":"acme-b""#), Some("org"), "is not the organisation this is sent to");
    refused(with(r#","org":"""#), Some("org"), "is not the organisation this is sent to");
    refused(with(r#","org":null"#), Some("org"), "must not be null");
    refused("{}", Some("message_id"), "is missing");
    refused(r#"{"message_id":"m","text":"t"}"#, Some("sent_at"), "is missing");
    refused(r#"{"message_id":"m","sent_at":"1970-01-01T00:00:00Z"}"#, Some("text"), "is missing");
}

#[test]
fn the_first_fault_in_the_line_is_told() {
    refused(r#"{"b":1,"a":2,"text":5}"#, Some("b"), "is not a field of a message");
    refused(r#"{"text":5,"b":1}"#, Some("text"), "must be a string, not a number");
    refused(r#"{"text":"t","text":5}"#, Some("text"), "stands there twice");
    refused(r#"{"text":5,"b":}"#, None, "is not valid JSON at byte 15: expected value");
}

#[test]
fn types_are_told_apart() {
    for (value, found) in
        [("5", "a number"), ("-1", "a number"), ("{}", "an object"), ("[]", "an array"), ("false", "a boolean")]
    {
        for field in ["org", "channel", "thread", "sender", "kind", "edited_at"] {
            refused(with(&format!(r#","{field}":{value}"#)), Some(field), &format!("must be a string, not {found}"));
        }
        for field in ["message_id", "sent_at", "text"] {
            refused(format!(r#"{{"{field}":{value}}}"#), Some(field), &format!("must be a string, not {found}"));
        }
    }
    for (value, found) in [("5", "a number"), (r#""{}""#, "a string"), ("[]", "an array"), ("true", "a boolean")] {
        refused(
            with(&format!(r#","attributes":{value}"#)),
            Some("attributes"),
            &format!("must be an object, not {found}"),
        );
    }
    for field in ["message_id", "sent_at", "text"] {
        refused(format!(r#"{{"{field}":null}}"#), Some(field), "must not be null");
    }
}

#[test]
fn limits_count_the_bytes_of_the_decoded_text() {
    let names = [("channel", 1 << 10), ("thread", 1 << 10), ("sender", 1 << 10), ("kind", 1 << 10)];
    for (field, limit) in names {
        for unit in ["x", "é", r"\n", r"\u00e9"] {
            let size = if unit.ends_with('9') || unit == "é" { 2 } else { 1 };
            assert!(parse(with(&format!(r#","{field}":"{}""#, unit.repeat(limit / size)))).is_ok(), "{field} {unit}");
            let over = with(&format!(r#","{field}":"{}x""#, unit.repeat(limit / size)));
            refused(over, Some(field), &format!("is {} bytes long, the limit is {limit}", limit + 1));
        }
    }
    let bare =
        |id: &str, text: &str| format!(r#"{{"message_id":"{id}","sent_at":"1970-01-01T00:00:00Z","text":"{text}"}}"#);
    assert!(parse(bare(&"x".repeat(256), &"x".repeat(4 << 20))).is_ok());
    assert!(parse(bare("m", &r"\u0000".repeat(4 << 20))).is_ok());
    refused(bare(&"x".repeat(257), ""), Some("message_id"), "is 257 bytes long, the limit is 256");
    refused(bare("m", &"x".repeat((4 << 20) + 1)), Some("text"), "is 4194305 bytes long, the limit is 4194304");
    refused(bare("", ""), Some("message_id"), "must not be empty");
    let attributes = |length: usize| with(&format!(r#","attributes":{{ "a" : "{}" }}"#, "x".repeat(length)));
    assert!(parse(attributes((64 << 10) - 8)).is_ok());
    refused(attributes((64 << 10) - 7), Some("attributes"), "is longer than 65536 bytes");
}

#[test]
fn times_are_refused_with_their_reason() {
    let at = |time: &str| format!(r#"{{"message_id":"m","text":"t","sent_at":"{time}"}}"#);
    for (time, reason) in [
        ("2016-12-31T23:59:60Z", "is a leap second, which has no instant of its own"),
        ("2016-12-31T23:59:59.1234567Z", "has more than six decimals of a second"),
        ("2016-12-31T23:59:59", "is not an RFC 3339 time with an offset, such as 2024-01-31T09:30:00Z"),
        ("2023-02-29T00:00:00Z", "names a day that the calendar does not have"),
        ("2023-02-28T24:00:00Z", "names a time of day that does not exist"),
        ("9999-12-31T23:59:59-00:01", "lies outside the years 1-9999 (UTC)"),
        ("0000-12-31T23:59:59Z", "lies outside the years 1-9999 (UTC)"),
        ("", "is not an RFC 3339 time with an offset, such as 2024-01-31T09:30:00Z"),
        (r"\ud800", "holds a lone surrogate, which is no character"),
    ] {
        refused(at(time), Some("sent_at"), reason);
        refused(with(&format!(r#","edited_at":"{time}""#)), Some("edited_at"), reason);
    }
    for (time, micros) in
        [("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999)]
    {
        assert_eq!(parse(at(time)).map(|message| message.sent_at), Ok(micros));
    }
}

#[test]
fn text_that_is_no_unicode_is_refused_with_its_field() {
    let lone = "holds a lone surrogate, which is no character";
    for half in [r"\ud83d", r"\ude00", r"a\ud83d\ud83db"] {
        for field in ["channel", "thread", "sender", "kind"] {
            refused(with(&format!(r#","{field}":"{half}""#)), Some(field), lone);
        }
        refused(format!(r#"{{"message_id":"{half}"}}"#), Some("message_id"), lone);
        refused(with(&format!(r#","attributes":{{"a":[{{"{half}":1}}]}}"#)), Some("attributes"), lone);
        refused(with(&format!(r#","attributes":{{"a":"{half}"}}"#)), Some("attributes"), lone);
    }
    let invalid = "is not valid UTF-8";
    for bytes in [&b"\xff"[..], b"\xc3", b"\xed\xa0\xbd", b"\xf4\x90\x80\x80", b"\xc0\x80"] {
        let spoiled = |line: String| {
            let at = line.find('#').unwrap();
            [&line.as_bytes()[..at], bytes, &line.as_bytes()[at + 1..]].concat()
        };
        refused(spoiled(with(r##","channel":"a#b""##)), Some("channel"), invalid);
        refused(spoiled(with(r##","zzz":1,"attributes":{"a":["#"]}"##)), Some("attributes"), invalid);
        refused(spoiled(with(r##","#":1"##)), None, invalid);
        refused(spoiled(with("") + "#"), None, invalid);
        refused(spoiled(with(r##","channel":"#","##)), None, invalid);
    }
}

#[test]
fn attributes_with_a_repeated_key_are_refused() {
    for json in [r#"{"a":1,"a":1}"#, r#"{"x":[{"a":1,"\u0061":2}]}"#] {
        refused(with(&format!(r#","attributes":{json}"#)), Some("attributes"), "has an object with a repeated key");
    }
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(parse(with(&format!(r#","attributes":{deep}"#))).map(|message| message.attributes), Ok(Some(deep)));
}

#[test]
fn a_refusal_says_nothing_of_the_message() {
    let canary = "canary-5f1e";
    for line in [
        with(&format!(r#","kind":["{canary}"]"#)),
        with(&format!(r#","kind":"{}""#, canary.repeat(200))),
        with(&format!(r#","edited_at":"{canary}""#)),
        with(&format!(r#","attributes":{{"{canary}":1,"{canary}":2}}"#)),
        with(&format!(r#","org":"{canary}""#)),
        format!("\"{canary}\""),
        with(&format!(r#","text":"{canary}"#)),
        with(&format!(r#","kind":"{canary}\x""#)),
    ] {
        let fault = parse(&line).unwrap_err();
        assert!(!fault.reason.contains("canary"), "{fault:?}");
    }
}

proptest! {
    #[test]
    fn any_text_comes_through_escaped_or_not(text in "(?s).{0,40}") {
        let plain = serde_json::to_string(&text).unwrap();
        let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        for written in [plain, format!("\"{units}\"")] {
            let line = with(&format!(r#","channel":{written},"attributes":{{"k":{written}}}"#));
            let message = parse(line).unwrap();
            prop_assert_eq!(message.channel.as_deref(), Some(text.as_str()));
            prop_assert_eq!(message.attributes, Some(serde_json::json!({ "k": text }).to_string()));
        }
    }

    #[test]
    fn no_line_is_too_strange_to_refuse(line in prop::collection::vec(any::<u8>(), 0..60), cut in 0..200_usize) {
        let _ = parse(&line);
        let whole = with(r#","channel":"\ud83d\ude00","attributes":{"a":[1,{"b":null}]}"#);
        let _ = parse([&whole.as_bytes()[..cut.min(whole.len())], &line].concat());
    }
}

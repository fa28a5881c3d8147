//! One message as a line of NDJSON, in the manner of its organisation's source.

use domain::time::{DAY, Micros, SECOND};

use super::conversation::{Kind, Message};
use super::organisation::{Organisation, Precision, Style};

const MINUTE: i64 = 60 * SECOND;

/// Adds the line of `message`, LF included.
pub fn write(message: &Message, organisation: &Organisation, out: &mut Vec<u8>) {
    let style = organisation.style;
    out.extend_from_slice(b"{\"message_id\":");
    string(&message.id, style, out);
    out.extend_from_slice(b",\"org\":\"");
    out.extend_from_slice(organisation.slug.as_bytes());
    out.push(b'"');
    let channel = message.channel.map(|place| organisation.channels[place].as_str());
    let sender = message.sender.map(|place| organisation.senders[place].as_str());
    for (name, value) in [("channel", channel), ("thread", message.thread.as_deref()), ("sender", sender)] {
        field(name, value.as_ref(), style, out, |value, out| string(value, style, out));
    }
    field("sent_at", message.sent_at.as_ref(), style, out, |at, out| time(*at, style, out));
    field("edited_at", message.edited_at.as_ref(), style, out, |at, out| time(*at, style, out));
    // A system that leaves out what is missing leaves out the usual kind too.
    let kind = (style.writes_nulls || message.kind != Kind::Message).then_some(message.kind.name());
    field("kind", kind.as_ref(), style, out, |kind, out| string(kind, style, out));
    field("text", Some(&message.text), style, out, |text, out| string(text, style, out));
    let attributes = (!message.attributes.is_empty()).then_some(&message.attributes);
    field("attributes", attributes, style, out, |json, out| out.extend_from_slice(json.as_bytes()));
    out.extend_from_slice(b"}\n");
}

fn field<T>(name: &str, value: Option<&T>, style: &Style, out: &mut Vec<u8>, write: impl FnOnce(&T, &mut Vec<u8>)) {
    if value.is_none() && !style.writes_nulls {
        return;
    }
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    match value {
        Some(value) => write(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// A JSON string (RFC 8259 section 7): what needs no escape is copied in runs.
fn string(text: &str, style: &Style, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (place, byte) in bytes.iter().enumerate() {
        let is_plain = *byte >= 0x20 && *byte != b'"' && *byte != b'\\' && (*byte < 0x80 || !style.ascii_only);
        if is_plain {
            continue;
        }
        if start < place {
            out.extend_from_slice(&bytes[start..place]);
        }
        start = place + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            // The first byte of a character writes the escape of the whole, the others are only skipped.
            0x80..=0xbf => {}
            _ => text[place..].chars().take(1).for_each(|character| escape(character, out)),
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

/// `\uXXXX`, two of them beyond U+FFFF.
fn escape(character: char, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.extend_from_slice(b"\\u");
        out.extend([12, 8, 4, 0].map(|shift| DIGITS[usize::from(*unit >> shift) & 15]));
    }
}

/// An RFC 3339 time with the decimals and the offset of the source; at the ends of the calendar without offset.
fn time(at: Micros, style: &Style, out: &mut Vec<u8>) {
    let shifted = Micros(at.0 + i64::from(style.offset_minutes) * MINUTE);
    let fits = (Micros::MIN..=Micros::MAX).contains(&shifted);
    let (local, offset_minutes) = if fits { (shifted, style.offset_minutes) } else { (at, 0) };
    let (year, month, day) = local.utc_day().civil();
    let in_day = local.0.rem_euclid(DAY);
    let (seconds, micros) = (in_day / SECOND, in_day % SECOND);
    out.push(b'"');
    for (value, digits, end) in [
        (i64::from(year), 4, b'-'),
        (i64::from(month), 2, b'-'),
        (i64::from(day), 2, b'T'),
        (seconds / 3600, 2, b':'),
        (seconds / 60 % 60, 2, b':'),
    ] {
        number(value, digits, out);
        out.push(end);
    }
    number(seconds % 60, 2, out);
    let (decimals, unit) = match style.precision {
        Precision::Seconds => (0, SECOND),
        Precision::Millis => (3, 1_000),
        Precision::Micros => (6, 1),
    };
    if decimals > 0 {
        out.push(b'.');
        number(micros / unit, decimals, out);
    }
    offset(offset_minutes, out);
    out.push(b'"');
}

fn offset(minutes: i32, out: &mut Vec<u8>) {
    if minutes == 0 {
        return out.push(b'Z');
    }
    out.push(if minutes < 0 { b'-' } else { b'+' });
    number(i64::from(minutes.abs() / 60), 2, out);
    out.push(b':');
    number(i64::from(minutes.abs() % 60), 2, out);
}

/// Exactly `digits` decimal digits.
fn number(value: i64, digits: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + digits, b'0');
    let mut rest = value;
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

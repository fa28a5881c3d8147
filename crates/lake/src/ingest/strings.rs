//! The inside of JSON strings (RFC 8259 section 7) whose grammar was checked before.

use std::borrow::Cow;

/// A `\ud800` to `\udfff` without its other half: no character, so no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoneSurrogate;

/// A stretch of a string's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text as it stands: no quote, no backslash, no control character.
    Plain(&'a str),
    /// One escaped character.
    Escaped(char),
}

/// The pieces of a string's body, the text between its quotes.
pub(crate) struct Pieces<'a>(pub &'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<Piece<'a>, LoneSurrogate>;

    fn next(&mut self) -> Option<Self::Item> {
        let body = self.0;
        let plain = body.find('\\').unwrap_or(body.len());
        if plain > 0 {
            self.0 = &body[plain..];
            return Some(Ok(Piece::Plain(&body[..plain])));
        }
        let (escaped, length) = match *body.as_bytes().get(1)? {
            b'u' => match unicode_escape(body) {
                Ok(found) => found,
                Err(lone) => return Some(Err(lone)),
            },
            b'n' => ('\n', 2),
            b't' => ('\t', 2),
            b'r' => ('\r', 2),
            b'b' => ('\u{8}', 2),
            b'f' => ('\u{c}', 2),
            quote_or_slash => (char::from(quote_or_slash), 2),
        };
        self.0 = body.get(length..)?;
        Some(Ok(Piece::Escaped(escaped)))
    }
}

/// The character of `\uXXXX` or of a pair of them at the start, and the bytes it takes.
fn unicode_escape(body: &str) -> Result<(char, usize), LoneSurrogate> {
    let unit =
        |at: usize| body.get(at..at + 2).filter(|mark| *mark == "\\u").and_then(|_| hex(body.get(at + 2..at + 6)?));
    let first = unit(0).ok_or(LoneSurrogate)?;
    match first {
        0xd800..=0xdbff => {
            let second = unit(6).filter(|unit| (0xdc00..=0xdfff).contains(unit)).ok_or(LoneSurrogate)?;
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            char::from_u32(code).map(|decoded| (decoded, 12)).ok_or(LoneSurrogate)
        }
        _ => char::from_u32(first).map(|decoded| (decoded, 6)).ok_or(LoneSurrogate),
    }
}

fn hex(digits: &str) -> Option<u32> {
    u32::from_str_radix(digits, 16).ok()
}

/// The text of a string with its quotes, borrowed where nothing is escaped.
pub(crate) fn decode(quoted: &str) -> Result<Cow<'_, str>, LoneSurrogate> {
    let body = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if !body.contains('\\') {
        return Ok(Cow::Borrowed(body));
    }
    let mut text = String::with_capacity(body.len());
    for piece in Pieces(body) {
        match piece? {
            Piece::Plain(plain) => text.push_str(plain),
            Piece::Escaped(character) => text.push(character),
        }
    }
    Ok(Cow::Owned(text))
}

/// Writes a string's body with as few escapes as JSON allows: the quote, the backslash and characters below U+0020.
pub(crate) fn escape_minimally(body: &str, out: &mut String) -> Result<(), LoneSurrogate> {
    for piece in Pieces(body) {
        match piece? {
            Piece::Plain(plain) => out.push_str(plain),
            Piece::Escaped(character) => escape_character(character, out),
        }
    }
    Ok(())
}

fn escape_character(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\0'..='\u{1f}' => {
            out.push_str("\\u00");
            let digit = |value: u32| char::from_digit(value, 16).unwrap_or('0');
            out.extend([digit(character as u32 >> 4), digit(character as u32 & 15)]);
        }
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, decoded: &str, escaped: &str) {
        assert_eq!(decode(&format!("\"{body}\"")).as_deref(), Ok(decoded), "{body}");
        let mut out = String::new();
        assert_eq!(escape_minimally(body, &mut out), Ok(()), "{body}");
        assert_eq!(out, escaped, "{body}");
    }

    #[test]
    fn strings_are_decoded_and_written_again() {
        check("", "", "");
        check("plain é 😀", "plain é 😀", "plain é 😀");
        check(r#"a\"b\\c\/d"#, "a\"b\\c/d", r#"a\"b\\c/d"#);
        check(r"\n\t\r\b\f", "\n\t\r\u{8}\u{c}", r"\n\t\r\b\f");
        check(r"\u000A\u0000\u001F\u007f", "\n\0\u{1f}\u{7f}", "\\n\\u0000\\u001f\u{7f}");
        check(r"\u00e9\u2028\ud83d\uDE00", "é\u{2028}😀", "é\u{2028}😀");
        check(r"\ud7ff\ue000\uffff", "\u{d7ff}\u{e000}\u{ffff}", "\u{d7ff}\u{e000}\u{ffff}");
        check(r"\udbff\udfff", "\u{10ffff}", "\u{10ffff}");
        check(r"\\ud83d", r"\ud83d", r"\\ud83d");
    }

    #[test]
    fn half_a_character_is_none() {
        for body in [r"\ud83d", r"\ude00", r"\ud83d\ud83d", r"\ud83dx", r"\ud83d\n", r"a\udfff\ud800", r"\ude00\ud83d"]
        {
            assert_eq!(decode(&format!("\"{body}\"")), Err(LoneSurrogate), "{body}");
            assert_eq!(escape_minimally(body, &mut String::new()), Err(LoneSurrogate), "{body}");
        }
    }
}

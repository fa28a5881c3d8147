//! Attributes as the lake keeps them: compact JSON, keys in their order, numbers as written, no key twice.

use super::strings::{LoneSurrogate, escape_minimally};

/// Why attributes were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttributesFault {
    /// A string or a key holds half a surrogate pair.
    LoneSurrogate,
    /// An object, the outermost or one inside, has a key twice.
    RepeatedKey,
    /// The compact form is over the limit.
    TooLong,
}

/// Writes compact JSON, keeping its memory from one message to the next.
#[derive(Debug, Default)]
pub(crate) struct Compactor {
    out: String,
    /// Number of the object and place in `out` of every key.
    keys: Vec<Key>,
    /// The objects (their number) and arrays (`None`) around the current place.
    open: Vec<Option<u32>>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    object: u32,
    start: u32,
    end: u32,
}

impl Compactor {
    /// The compact form of a JSON value whose grammar was checked before. Takes time in proportion to its length (sorting
    /// its keys aside) and no recursion, however deep it is.
    pub fn compact(&mut self, json: &str, limit_bytes: usize) -> Result<&str, AttributesFault> {
        self.out.clear();
        self.keys.clear();
        self.open.clear();
        self.write(json, limit_bytes)?;
        self.look_for_repeats()?;
        Ok(&self.out)
    }

    fn write(&mut self, json: &str, limit_bytes: usize) -> Result<(), AttributesFault> {
        let (mut rest, mut objects, mut key_next) = (json, 0, false);
        while let Some(&byte) = rest.as_bytes().first() {
            let mut taken = 1;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => {}
                b'"' => {
                    taken = self.write_string(rest, key_next)?;
                    key_next = false;
                }
                b'{' | b'[' => {
                    key_next = byte == b'{';
                    objects += u32::from(key_next);
                    self.open.push(key_next.then_some(objects));
                    self.out.push(char::from(byte));
                }
                b'}' | b']' => {
                    self.open.pop();
                    self.out.push(char::from(byte));
                }
                b',' => {
                    key_next = matches!(self.open.last(), Some(Some(_)));
                    self.out.push(',');
                }
                _ => {
                    taken = rest
                        .find([',', '}', ']', ':', '{', '[', '"', ' ', '\t', '\n', '\r'])
                        .map_or(rest.len(), |end| end.max(1));
                    self.out.push_str(&rest[..taken]);
                }
            }
            rest = &rest[taken..];
            if self.out.len() > limit_bytes {
                return Err(AttributesFault::TooLong);
            }
        }
        Ok(())
    }

    /// Writes the string at the start of `rest` and says how many bytes it took there.
    fn write_string(&mut self, rest: &str, is_key: bool) -> Result<usize, AttributesFault> {
        let length = string_length(rest);
        let body = rest.get(1..length.saturating_sub(1)).unwrap_or_default();
        self.out.push('"');
        let start = self.out.len() as u32;
        escape_minimally(body, &mut self.out).map_err(|LoneSurrogate| AttributesFault::LoneSurrogate)?;
        if let (true, Some(Some(object))) = (is_key, self.open.last()) {
            self.keys.push(Key { object: *object, start, end: self.out.len() as u32 });
        }
        self.out.push('"');
        Ok(length)
    }

    /// Minimal escapes make equal keys equal bytes.
    fn look_for_repeats(&mut self) -> Result<(), AttributesFault> {
        let text = |key: &Key| &self.out[key.start as usize..key.end as usize];
        self.keys.sort_unstable_by(|a, b| a.object.cmp(&b.object).then_with(|| text(a).cmp(text(b))));
        let repeated =
            self.keys.windows(2).any(|pair| pair[0].object == pair[1].object && text(&pair[0]) == text(&pair[1]));
        if repeated { Err(AttributesFault::RepeatedKey) } else { Ok(()) }
    }
}

/// Length of the string at the start of `rest`, with its quotes.
fn string_length(rest: &str) -> usize {
    let (bytes, mut at) = (rest.as_bytes(), 1);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 64 << 10;

    fn check(json: &str, expected: Result<&str, AttributesFault>) {
        assert_eq!(Compactor::default().compact(json, LIMIT), expected, "{json}");
    }

    #[test]
    fn only_space_and_needless_escapes_go() {
        check("{}", Ok("{}"));
        check(" { } ", Ok("{}"));
        check("{\"b\" : 1.0e+05 ,\r\n\t\"a\": [ true, null , -0 ] }", Ok(r#"{"b":1.0e+05,"a":[true,null,-0]}"#));
        check(r#"{"k": " a  b ", "\u006b2": "\/"}"#, Ok(r#"{"k":" a  b ","k2":"/"}"#));
        check(
            r#"{"n": 12345678901234567890.10, "deep": {"n": {"n": 1E400}}}"#,
            Ok(r#"{"n":12345678901234567890.10,"deep":{"n":{"n":1E400}}}"#),
        );
        check(r#"{"a":"\\","b":"\"","":"{\"x\":1,\"x\":2}"}"#, Ok(r#"{"a":"\\","b":"\"","":"{\"x\":1,\"x\":2}"}"#));
        check(r#"[{"a":1},{"a":2},"a","a",["a"]]"#, Ok(r#"[{"a":1},{"a":2},"a","a",["a"]]"#));
    }

    #[test]
    fn a_repeated_key_is_found_wherever_it_is() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":{},"\u0061":2}"#,
            r#"{"x":{"y":[{"a":1,"b":2,"a":3}]}}"#,
            r#"{"x":{"a":1},"y":2,"x":{"a":1}}"#,
            r#"{"/":1,"\/":2}"#,
        ] {
            check(json, Err(AttributesFault::RepeatedKey));
        }
        check(r#"{"a":{"a":{"a":1}},"b":{"a":1},"A":1}"#, Ok(r#"{"a":{"a":{"a":1}},"b":{"a":1},"A":1}"#));
    }

    #[test]
    fn half_a_character_is_found_in_keys_and_values() {
        check(r#"{"a":"\ud83d"}"#, Err(AttributesFault::LoneSurrogate));
        check(r#"{"\ude00":1}"#, Err(AttributesFault::LoneSurrogate));
    }

    #[test]
    fn the_compact_form_is_what_counts() {
        let text = |length: usize| format!("{{ \"a\" : \"{}\" }}", "x".repeat(length));
        assert!(Compactor::default().compact(&text(LIMIT - 8), LIMIT).is_ok_and(|compact| compact.len() == LIMIT));
        check(&text(LIMIT - 7), Err(AttributesFault::TooLong));
        check(&format!("{{{}}}", " ".repeat(10 * LIMIT)), Ok("{}"));
    }

    #[test]
    fn depth_costs_nothing() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        check(&deep, Ok(&deep));
        let arrays = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
        check(&arrays, Ok(&arrays));
    }

    proptest! {
        #[test]
        fn it_means_the_same_and_is_compact_already(value in any_json(), spaces in prop::collection::vec(0..3_usize, 1..8)) {
            let spaced = spaced(&value, &spaces);
            let mut compactor = Compactor::default();
            let once = compactor.compact(&spaced, usize::MAX).map(str::to_owned).unwrap();
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&once).unwrap(), &value);
            prop_assert_eq!(compactor.compact(&once, usize::MAX), Ok(once.as_str()));
            prop_assert_eq!(once, value.to_string());
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "(?s).{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("(?s).{0,3}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The value's text with letters and digits in strings escaped, and space between the tokens.
    fn spaced(value: &serde_json::Value, spaces: &[usize]) -> String {
        let (mut out, mut in_string, mut escape_left, mut turn) = (String::new(), false, 0, 0);
        for character in value.to_string().chars() {
            if escape_left > 0 {
                escape_left = if character == 'u' && escape_left == 1 { 4 } else { escape_left - 1 };
                out.push(character);
                continue;
            }
            match character {
                '\\' => escape_left = 1,
                '"' => in_string = !in_string,
                _ => {}
            }
            match character {
                plain if in_string && plain.is_ascii_alphanumeric() => {
                    out.push_str(&format!("\\u{:04X}", plain as u32))
                }
                other => out.push(other),
            }
            if !in_string && matches!(character, '{' | '}' | '[' | ']' | ',' | ':' | '"') {
                out.push_str(&" \n".repeat(spaces[turn % spaces.len()]));
                turn += 1;
            }
        }
        out
    }
}

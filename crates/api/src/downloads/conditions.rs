//! Conditional requests (RFC 9110 section 13) over one strong entity tag; there is no date to compare.

use axum::http::{HeaderMap, HeaderName, header};

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conditions {
    /// Answer it; `true` where a `Range` header counts.
    Met {
        /// Whether a range may be answered.
        ranges: bool,
    },
    /// 304: the client has it already.
    NotModified,
    /// 412: the client means another file.
    Failed,
}

/// Evaluates the conditions for a file with this tag, in the order of section 13.2.2.
pub fn evaluate(headers: &HeaderMap, etag: &str) -> Conditions {
    if let Some(wanted) = list(headers, header::IF_MATCH)
        && !wanted.iter().any(|tag| *tag == "*" || *tag == etag)
    {
        return Conditions::Failed;
    }
    if let Some(known) = list(headers, header::IF_NONE_MATCH)
        && known.iter().any(|tag| *tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    {
        return Conditions::NotModified;
    }
    // A weak tag, another one, or a date: the whole file.
    let same = |value: &axum::http::HeaderValue| value.as_bytes().trim_ascii() == etag.as_bytes();
    Conditions::Met { ranges: headers.get(header::IF_RANGE).is_none_or(same) }
}

/// The tags of a header that may come several times; tags of ours hold no comma.
fn list(headers: &HeaderMap, name: HeaderName) -> Option<Vec<&str>> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let tags: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    (!tags.is_empty()).then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: HeaderName, value: &str, expected: Conditions) {
        let headers = HeaderMap::from_iter([(name.clone(), value.parse().unwrap())]);
        assert_eq!(evaluate(&headers, "\"abc\""), expected, "{name}: {value}");
    }

    #[test]
    fn conditions_compare_the_tag() {
        let met = |ranges| Conditions::Met { ranges };
        assert_eq!(evaluate(&HeaderMap::new(), "\"abc\""), met(true));
        for (value, expected) in [
            ("\"abc\"", Conditions::NotModified),
            ("W/\"abc\"", Conditions::NotModified),
            ("\"x\", \"abc\"", Conditions::NotModified),
            ("*", Conditions::NotModified),
            ("\"x\"", met(true)),
            ("abc", met(true)),
        ] {
            check(header::IF_NONE_MATCH, value, expected);
        }
        for (value, expected) in
            [("\"abc\"", met(true)), ("*", met(true)), ("W/\"abc\"", Conditions::Failed), ("\"x\"", Conditions::Failed)]
        {
            check(header::IF_MATCH, value, expected);
        }
        for (value, expected) in [
            ("\"abc\"", met(true)),
            ("W/\"abc\"", met(false)),
            ("\"x\"", met(false)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", met(false)),
        ] {
            check(header::IF_RANGE, value, expected);
        }
    }
}

//! The names of what lies in Redis, all below one prefix, so that several installations can share a server.

use queue::LimitKey;

/// Longest prefix (bytes).
const PREFIX_LIMIT: usize = 64;

/// Makes the names of keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys(String);

impl Keys {
    /// Names below this prefix; `None` unless it is 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.` and `:`.
    pub fn below(prefix: &str) -> Option<Self> {
        let is_good = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:".contains(byte);
        let fits = (1..=PREFIX_LIMIT).contains(&prefix.len()) && prefix.as_bytes().iter().all(is_good);
        fits.then(|| Self(prefix.to_owned()))
    }

    /// The same below another name, where `doctor` tries what it may do without touching anything.
    pub fn of_a_trial(&self) -> Self {
        Self(format!("{}:doctor", self.0))
    }

    /// Messages that wait to be taken.
    pub fn wakes(&self) -> String {
        format!("{}:wakes", self.0)
    }

    /// Messages whose delay is not over.
    pub fn later(&self) -> String {
        format!("{}:later", self.0)
    }

    /// What is counted for a limit.
    pub fn limit(&self, key: &LimitKey) -> String {
        use std::fmt::Write;

        let mut name = format!("{}:limit:{}:", self.0, key.limit);
        for byte in key.subject {
            write!(name, "{byte:02x}").expect("text can be written to");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys() {
        let keys = Keys::below("outhaul:test-1").unwrap();
        assert_eq!(keys.wakes(), "outhaul:test-1:wakes");
        assert_eq!(keys.of_a_trial().later(), "outhaul:test-1:doctor:later");
        let limit = keys.limit(&LimitKey { limit: "logins", subject: [0xa0; 32] });
        assert_eq!(limit, format!("outhaul:test-1:limit:logins:{}", "a0".repeat(32)));
    }

    #[test]
    fn what_is_no_prefix() {
        for prefix in ["", "A", "a b", "a*", "{a}", "ä", &"a".repeat(65)] {
            assert!(Keys::below(prefix).is_none(), "{prefix}");
        }
        assert!(Keys::below(&"a".repeat(64)).is_some());
    }
}

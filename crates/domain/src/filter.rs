//! Which messages of a range are wanted.

use std::collections::BTreeSet;

/// Lets a row through when each given set holds the row's value; a missing value is in no set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Wanted channels, or all.
    pub channels: Option<BTreeSet<String>>,
    /// Wanted senders, or all.
    pub senders: Option<BTreeSet<String>>,
}

impl Filter {
    /// Whether every row passes.
    pub fn is_all(&self) -> bool {
        self.channels.is_none() && self.senders.is_none()
    }

    /// Whether a row with this channel and sender passes.
    pub fn lets_through(&self, channel: Option<&str>, sender: Option<&str>) -> bool {
        let within = |wanted: &Option<BTreeSet<String>>, value: Option<&str>| match wanted {
            None => true,
            Some(wanted) => value.is_some_and(|value| wanted.contains(value)),
        };
        within(&self.channels, channel) && within(&self.senders, sender)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sets_must_agree_and_null_is_in_none() {
        let set = |values: &[&str]| Some(values.iter().map(|v| (*v).to_owned()).collect());
        let filter = Filter { channels: set(&["a", ""]), senders: set(&["x"]) };
        for (channel, sender, expected) in [
            (Some("a"), Some("x"), true),
            (Some(""), Some("x"), true),
            (Some("b"), Some("x"), false),
            (None, Some("x"), false),
            (Some("a"), None, false),
        ] {
            assert_eq!(filter.lets_through(channel, sender), expected);
        }
        assert!(Filter::default().lets_through(None, None));
    }
}

//! What the demo has shown, as a table at the end.

/// One line each: what should be, whether it was, and what was seen.
#[derive(Debug, Default)]
pub struct Shown(Vec<(&'static str, bool, String)>);

impl Shown {
    /// Adds a line.
    pub fn add(&mut self, what: &'static str, holds: bool, seen: impl Into<String>) {
        self.0.push((what, holds, seen.into()));
    }

    /// Whether everything was as it should be.
    pub fn all(&self) -> bool {
        self.0.iter().all(|(_, holds, _)| *holds)
    }

    /// The table.
    pub fn in_words(&self) -> String {
        let width = self.0.iter().map(|(what, ..)| what.chars().count()).max().unwrap_or(0);
        let line = |(what, holds, seen): &(&str, bool, String)| {
            format!("  {} {what:width$}  {seen}", if *holds { "yes" } else { "NO " })
        };
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_that_does_not_hold_is_seen() {
        let mut shown = Shown::default();
        shown.add("a", true, "1");
        assert!(shown.all());
        shown.add("longer", false, "2");
        assert!(!shown.all());
        assert_eq!(shown.in_words(), "  yes a       1\n  NO  longer  2");
    }
}

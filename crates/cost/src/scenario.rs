//! Scenarios: two that the program carries, and changes to them from a file or the command line.

use std::collections::BTreeMap;
use std::str::FromStr;

use thiserror::Error;
use toml::{Table, Value};

use crate::assumptions::{AssumptionError, Assumptions, about};

/// A scenario that cannot be used.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The text is no TOML.
    #[error("the scenario cannot be read: {0}")]
    Text(#[from] toml::de::Error),
    /// One of its values cannot be used.
    #[error(transparent)]
    Value(#[from] AssumptionError),
    /// A change is not `name=value`.
    #[error("`{0}` must be NAME=NUMBER")]
    Change(String),
}

/// A scenario that the program carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Two thousand organisations with two billion messages a day each.
    Brief,
    /// Twenty organisations with a million messages a day each.
    Small,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Brief, Self::Small];

    /// Its name on the command line, and of its file in `deploy/cost/`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brief => "brief",
            Self::Small => "small",
        }
    }

    /// In a sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Brief => "The brief: 2,000 organisations with 2 billion messages a day each",
            Self::Small => "A small company: 20 organisations with 1 million messages a day each",
        }
    }

    /// What it assumes.
    pub fn assumptions(self) -> Assumptions {
        let text = match self {
            Self::Brief => include_str!("../../../deploy/cost/brief.toml"),
            Self::Small => include_str!("../../../deploy/cost/small.toml"),
        };
        whole(text).expect("a test reads the presets")
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let preset = Self::ALL.into_iter().find(|preset| preset.name() == name);
        preset.ok_or_else(|| format!("`{name}` is neither brief nor small"))
    }
}

/// Reads a scenario that names every assumption.
pub fn whole(text: &str) -> Result<Assumptions, ScenarioError> {
    let values = values(text)?;
    Ok(Assumptions::from_values(|name| values.get(name).copied())?)
}

/// Takes over what a scenario of some assumptions says.
pub fn overlay(assumptions: &mut Assumptions, text: &str) -> Result<(), ScenarioError> {
    for (name, value) in values(text)? {
        assumptions.set(name, value)?;
    }
    Ok(())
}

/// Takes over one change, `name=value`; underscores may group the digits.
pub fn change(assumptions: &mut Assumptions, change: &str) -> Result<(), ScenarioError> {
    let (name, value) = change.split_once('=').ok_or_else(|| ScenarioError::Change(change.to_owned()))?;
    let name = about(name.trim())?.name;
    let number = value.trim().replace('_', "").parse();
    let number = number.map_err(|_| AssumptionError::Number { name, value: format!("`{}`", value.trim()) })?;
    Ok(assumptions.set(name, number)?)
}

fn values(text: &str) -> Result<BTreeMap<&'static str, i128>, ScenarioError> {
    let table: Table = toml::from_str(text)?;
    table.iter().map(|(name, value)| number(name, value)).collect()
}

fn number(name: &str, value: &Value) -> Result<(&'static str, i128), ScenarioError> {
    let name = about(name)?.name;
    let number =
        value.as_integer().ok_or_else(|| AssumptionError::Number { name, value: format!("a {}", value.type_str()) })?;
    Ok((name, number.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assumptions::ABOUT;

    #[test]
    fn presets_are_whole_and_what_was_asked() {
        let [brief, small] = Preset::ALL.map(Preset::assumptions);
        assert_eq!((brief.organisations, brief.messages_a_day), (2_000, 2_000_000_000));
        assert_eq!((small.organisations, small.messages_a_day), (20, 1_000_000));
        assert_eq!("small".parse(), Ok(Preset::Small));
        assert_eq!("large".parse::<Preset>().unwrap_err(), "`large` is neither brief nor small");
    }

    #[test]
    fn every_name_can_be_set_and_got() {
        let mut assumptions = Preset::Small.assumptions();
        for about in ABOUT {
            let least = *about.limits.start();
            assumptions.set(about.name, least.into()).unwrap();
            assert_eq!(assumptions.get(about.name), Some(least), "{}", about.name);
        }
        assert_eq!(assumptions.get("other"), None);
    }

    #[test]
    fn changes_are_taken_over() {
        let mut assumptions = Preset::Small.assumptions();
        change(&mut assumptions, "messages_a_day = 2_000").unwrap();
        overlay(&mut assumptions, "organisations = 7\nspot_percent = 0").unwrap();
        assert_eq!((assumptions.messages_a_day, assumptions.organisations, assumptions.spot_percent), (2_000, 7, 0));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let refused = |text: &str| change(&mut Preset::Small.assumptions(), text).unwrap_err().to_string();
        let cases = [
            ("spot_percent=101", "`spot_percent` must be from 0 to 100, not 101"),
            ("spot_percent=-1", "`spot_percent` must be from 0 to 100, not -1"),
            ("organisations=0", "`organisations` must be from 1 to 100000, not 0"),
            ("organisations=many", "`organisations` must be a whole number, not `many`"),
            ("organisations=1.5", "`organisations` must be a whole number, not `1.5`"),
            ("organisation=1", "`organisation` is no assumption"),
            ("organisations", "`organisations` must be NAME=NUMBER"),
        ];
        for (text, expected) in cases {
            assert_eq!(refused(text), expected, "{text}");
        }
        let refused = |text: &str| overlay(&mut Preset::Small.assumptions(), text).unwrap_err().to_string();
        assert_eq!(refused("spot_percent = 0.5"), "`spot_percent` must be a whole number, not a float");
        assert_eq!(refused("[spot]\npercent = 5"), "`spot` is no assumption");
        assert!(refused("spot_percent = ").starts_with("the scenario cannot be read: TOML parse error at line 1"));
        assert_eq!(whole("organisations = 2").unwrap_err().to_string(), "`messages_a_day` is missing");
    }
}

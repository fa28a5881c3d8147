//! What a look at an engine found: `outhaul doctor` shows it.

/// One thing that was looked at, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, e.g. `redis version`.
    pub what: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, and what to do about it; no name of a person and no secret.
    pub text: String,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could, or not for ever.
    Warn,
    /// It does not work.
    Fail,
}

impl Finding {
    /// One that is as it should be.
    pub fn ok(what: &'static str, text: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Ok, text: text.into() }
    }

    /// One that works for now.
    pub fn warn(what: &'static str, text: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Warn, text: text.into() }
    }

    /// One that does not work.
    pub fn fail(what: &'static str, text: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Fail, text: text.into() }
    }
}

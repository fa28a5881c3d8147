//! What the service answered: a value, or a problem document and the exit code that it means.

use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use crate::exit::{Exit, Failure};

/// Longest answer that is read (bytes).
const ANSWER_BYTES: u64 = 64 << 20;

/// An answer, read to its end.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
}

/// A problem document (RFC 9457), as far as it is of use here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// What it is, for programs.
    pub code: String,
    title: String,
    detail: Option<String>,
    /// Fields that were refused.
    pub errors: Vec<Refused>,
    /// Lines of an input that were refused, of which `errors` lists the first.
    pub refused_count: Option<u64>,
    limit: Option<String>,
    would_pass: Option<Value>,
}

/// A field that was refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Refused {
    /// The line, of an input.
    pub line: Option<u64>,
    /// The field.
    pub field: Option<String>,
    /// Why.
    pub reason: String,
}

/// A token lives for minutes, so this is the usual reason.
const ACCESS: &str = "the access token is not good, or not any more: give another one in OUTHAUL_TOKEN, or OUTHAUL_EMAIL and \
    OUTHAUL_PASSWORD to sign in anew whenever it runs out";

impl Answer {
    /// Reads an answer to its end.
    pub fn read(response: Response<Body>) -> Result<Self, ureq::Error> {
        let status = response.status().as_u16();
        let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.into_body().into_with_config().limit(ANSWER_BYTES).read_to_vec()?;
        Ok(Self { status, body, retry_after: seconds.map(Duration::from_secs) })
    }

    /// Whether the request was done.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Whether the same request may pass soon, within `wait`.
    pub fn is_away(&self, wait: Duration) -> bool {
        matches!(self.status, 429 | 502..=504) && self.retry_after.is_none_or(|after| after <= wait)
    }

    /// The value, or the failure that a problem document means.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if !self.is_success() {
            return Err(self.failure());
        }
        Ok(serde_json::from_slice(&self.body).context("the service gave an answer of another kind")?)
    }

    /// The problem document, empty where there is none.
    pub fn problem(&self) -> Problem {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What this answer means for a command that needed another.
    pub fn failure(&self) -> Failure {
        let code = match self.status {
            400 | 405 | 422 => Exit::Usage,
            401 | 403 | 404 => Exit::NotFound,
            413 | 415 => Exit::Refused,
            429 | 502..=504 => Exit::Unavailable,
            _ => Exit::Failed,
        };
        Failure::new(code, anyhow!("{}", self.problem().in_words(self.status)))
    }
}

impl Problem {
    fn in_words(&self, status: u16) -> String {
        let mut text = match self.title.as_str() {
            _ if status == 401 => ACCESS.to_owned(),
            "" => format!("the service answered {status}"),
            title => title.to_owned(),
        };
        if let Some(detail) = &self.detail {
            text.push_str(&format!(": {detail}"));
        }
        for refused in &self.errors {
            text.push_str(&format!("\n  {} {}", refused.field.as_deref().unwrap_or_default(), refused.reason));
        }
        if let Some(limit) = &self.limit {
            text.push_str(&format!("\n  limit {limit}"));
        }
        if let Some(request) = &self.would_pass {
            text.push_str(&format!("\n  this would pass: {request}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: (Exit, &str)) {
        let answer = Answer { status, body: body.into(), retry_after: None };
        let failure = answer.json::<Value>().unwrap_err();
        assert_eq!((failure.code, failure.error.to_string().as_str()), expected);
    }

    #[test]
    fn problems_have_exit_codes_and_words() {
        check(
            404,
            r#"{"code":"not_found","title":"There is nothing here"}"#,
            (Exit::NotFound, "There is nothing here"),
        );
        let refused = r#"{"title":"No","detail":"d","errors":[{"field":"to","reason":"is before from"}],
            "limit":"export_bytes_limit","would_pass":{"to":"2024-01-01"}}"#;
        let words =
            "No: d\n  to is before from\n  limit export_bytes_limit\n  this would pass: {\"to\":\"2024-01-01\"}";
        check(422, refused, (Exit::Usage, words));
        check(401, "", (Exit::NotFound, ACCESS));
        check(503, "<html>", (Exit::Unavailable, "the service answered 503"));
        check(429, "{}", (Exit::Unavailable, "the service answered 429"));
        check(413, "{}", (Exit::Refused, "the service answered 413"));
        check(500, "{}", (Exit::Failed, "the service answered 500"));
        check(410, "{}", (Exit::Failed, "the service answered 410"));
        check(200, "<html>", (Exit::Failed, "the service gave an answer of another kind"));
    }
}

//! The document that a client reads, and how a problem becomes one.

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Code, Problem};

/// A field, a header or a parameter that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// In an input of lines the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<u64>,
    /// Its name, with dots between the levels of a body.
    #[schema(example = "from")]
    pub field: String,
    /// Why; what was sent is not repeated.
    #[schema(example = "is not a date of the form 2024-01-31")]
    pub reason: String,
}

impl FieldError {
    /// One refused field.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { line: None, field: field.into(), reason: reason.into() }
    }
}

/// A problem document (RFC 9457), of type `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schema(example = "http://127.0.0.1:8470/docs/errors/not_found")]
    kind: String,
    /// What the code means.
    title: String,
    /// The same as the answer's.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// Stable, to be told apart by programs.
    #[schema(example = "not_found")]
    code: String,
    /// What is particular to this case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
    /// What was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// How many lines were refused, those that are not listed included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refused_count: Option<u64>,
    /// The limit that was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limit: Option<String>,
    /// A request that would pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    would_pass: Option<serde_json::Value>,
    /// The id of the request, the same as in `x-request-id`.
    request_id: String,
}

impl Problem {
    /// The document for one request.
    fn document(self, public_url: &str, request_id: &str) -> ProblemDocument {
        ProblemDocument {
            kind: format!("{public_url}/docs/errors/{}", self.code.name()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code.name().to_owned(),
            detail: self.detail,
            errors: self.errors,
            refused_count: self.refused_count,
            limit: self.limit.map(str::to_owned),
            would_pass: self.would_pass.map(|request| *request),
            request_id: request_id.to_owned(),
        }
    }
}

/// Writes the document of `problem` into `response`, whose headers stay (a 405 names its methods).
pub(crate) fn render(response: &mut Response<Body>, problem: Problem, public_url: &str, request_id: &str) {
    *response.status_mut() = problem.code.status();
    let challenge = challenge(problem.code);
    let retry_after = problem.retry_after_seconds;
    let body = serde_json::to_vec(&problem.document(public_url, request_id)).unwrap_or_default();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(challenge) = challenge {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    *response.body_mut() = Body::from(body);
}

/// A 401 says how to do better (RFC 9110 section 15.5.2, RFC 6750 section 3).
const fn challenge(code: Code) -> Option<&'static str> {
    match code {
        Code::Unauthenticated | Code::LoginFailed | Code::RefreshFailed => Some("Bearer"),
        _ => None,
    }
}

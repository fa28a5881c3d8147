//! Problem documents (RFC 9457): what a client is told when a request is not done.

mod code;
mod document;

use axum::response::{IntoResponse, Response};
use queue::QueueError;
use stores::StoreError;

pub use code::Code;
pub(crate) use document::render;
pub use document::{FieldError, ProblemDocument};

/// How long a client waits before it asks again while a store is away (seconds).
pub const RETRY_AFTER_SECONDS: u64 = 2;

/// Why a request was not done. A handler returns it; the router makes the document, which knows the public address and
/// the request's id.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Its code, which decides the status.
    pub code: Code,
    /// What is particular to this case; never a secret and nothing of the inside.
    pub detail: Option<String>,
    /// Fields that were refused.
    pub errors: Vec<FieldError>,
    /// How many lines of an input were refused, those that are not listed included.
    pub refused_count: Option<u64>,
    /// The name of the limit that was met.
    pub limit: Option<&'static str>,
    /// A request that would pass.
    pub would_pass: Option<Box<serde_json::Value>>,
    /// When to ask again (seconds).
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    /// A problem of this code with nothing more to say.
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            refused_count: None,
            limit: None,
            would_pass: None,
            retry_after_seconds: None,
        }
    }

    /// Nothing is there, or nothing that this caller may know of.
    pub const fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// A request that was understood, with one field that cannot be.
    pub fn field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(field, reason)])
    }

    /// The same with several fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(Code::InvalidRequest) }
    }

    /// What stands behind the service is away; a repeat may find it back.
    pub const fn unavailable() -> Self {
        Self::new(Code::Unavailable).retry_after(RETRY_AFTER_SECONDS)
    }

    /// Says what is particular.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Names the limit that was met.
    #[must_use]
    pub fn limit(mut self, name: &'static str) -> Self {
        self.limit = Some(name);
        self
    }

    /// Offers a request that would pass.
    #[must_use]
    pub fn would_pass(mut self, request: serde_json::Value) -> Self {
        self.would_pass = Some(Box::new(request));
        self
    }

    /// Says when to ask again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

/// The document itself is written where the request's id is known; until then the problem travels in the extensions.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        hidden(&error, error.retryable())
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        hidden(&error, error.retryable())
    }
}

/// The cause goes to the log, the client learns no more than whether to come again.
pub(crate) fn hidden(error: &(dyn std::error::Error + 'static), retryable: bool) -> Problem {
    tracing::warn!(error, retryable, "a request failed inside");
    if retryable { Problem::unavailable() } else { Problem::new(Code::Internal) }
}

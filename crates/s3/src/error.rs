//! Why a call to S3 failed, without anything of the request: no key, no address, no token.

use std::error::Error;

use aws::{CallError, RequestNumber, causes, plain};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use thiserror::Error;

/// Why a call to S3 failed.
#[derive(Debug, Error)]
pub enum S3Error {
    /// The object is not there. Look-ups answer `None` instead.
    #[error("{call}: no such object")]
    NoSuchObject {
        /// Which call.
        call: &'static str,
    },
    /// The object ends before the range that was asked for does.
    #[error("{call}: the object is shorter than what is asked of it")]
    Short {
        /// Which call.
        call: &'static str,
    },
    /// The unfinished upload is not there: aborted, swept, or complete.
    #[error("{call}: no such upload")]
    NoSuchUpload {
        /// Which call.
        call: &'static str,
    },
    /// What `If-None-Match` or `If-Match` asked for is not so.
    #[error("{call}: the condition does not hold")]
    Condition {
        /// Which call.
        call: &'static str,
    },
    /// The bytes at the server are not those that were meant, by its own comparison or ours.
    #[error("{call}: the bytes differ, {what}")]
    Differs {
        /// Which call.
        call: &'static str,
        /// What was compared.
        what: &'static str,
    },
    /// The server refused.
    #[error("{call}: refused with {status} {code}{request}")]
    Refused {
        /// Which call.
        call: &'static str,
        /// The HTTP status.
        status: u16,
        /// S3's error code, e.g. `AccessDenied`.
        code: String,
        /// Under which the server keeps it in its log, for people who ask there.
        request: RequestNumber,
    },
    /// No whole answer came.
    #[error("{call}: no whole answer came: {what}")]
    NoAnswer {
        /// Which call.
        call: &'static str,
        /// What stood in the way.
        what: String,
    },
    /// No whole answer came in time.
    #[error("{call}: no whole answer came within {seconds} s")]
    TimedOut {
        /// Which call.
        call: &'static str,
        /// How long was waited (seconds).
        seconds: u64,
    },
    /// The object is too large for one upload.
    #[error("{call}: over {limit_bytes} bytes, or over 10,000 parts")]
    TooLarge {
        /// Which call.
        call: &'static str,
        /// Most bytes of one object with these sizes of parts.
        limit_bytes: u64,
    },
    /// The call cannot be made with these options.
    #[error("{call}: it cannot be asked for: {what}")]
    Unfit {
        /// Which call.
        call: &'static str,
        /// Why not.
        what: String,
    },
}

/// The call that makes an object of parts visible.
pub(crate) const COMPLETE: &str = "CompleteMultipartUpload";

/// Codes of answers after which the same request may do better: the way there damaged it, or took too long; the
/// clock was off and is corrected by then; somebody else was at work on the same key; or a long call that had begun with 200
/// failed behind it.
const PASSING_CODES: &[&str] = &[
    "BadDigest",
    "ConditionalRequestConflict",
    "ExpiredToken",
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
];

/// Codes that say that a checksum in the request is not that of the bytes.
const DIFFERENCE_CODES: &[&str] = &["BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"];

impl CallError for S3Error {
    fn timed_out(call: &'static str, seconds: u64) -> Self {
        Self::TimedOut { call, seconds }
    }

    fn retryable(&self) -> bool {
        S3Error::retryable(self)
    }

    fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: 403, .. })
    }
}

impl S3Error {
    /// Whether the same call may succeed if it is made again at once.
    pub fn retryable(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::TimedOut { .. } => true,
            // On the way to the server; parts that are there do not get better.
            Self::Differs { call, .. } => *call != COMPLETE,
            Self::Refused { status, code, .. } => {
                *status >= 500 && *status != 501 || *status == 429 || PASSING_CODES.contains(&code.as_str())
            }
            _ => false,
        }
    }

    /// Reads what the SDK says of a call that failed.
    pub(crate) fn of<E>(call: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + RequestId + Error + Send + Sync + 'static,
    {
        let SdkError::ServiceError(refused) = &error else { return Self::unanswered(call, error) };
        let status = refused.raw().status().as_u16();
        let code = refused.err().code().unwrap_or("unnamed");
        match (status, code) {
            (_, "NoSuchUpload") => Self::NoSuchUpload { call },
            (412, _) | (_, "PreconditionFailed") => Self::Condition { call },
            (_, "NoSuchKey" | "NotFound") => Self::NoSuchObject { call },
            // A HEAD has no body that would say more.
            (404, "unnamed") => Self::NoSuchObject { call },
            (416, _) | (_, "InvalidRange") => Self::Short { call },
            (_, code) if DIFFERENCE_CODES.contains(&code) => {
                Self::Differs { call, what: "by the checksum that the server compares" }
            }
            (status, code) => {
                let request = RequestNumber::new(refused.err().request_id());
                Self::Refused { call, status, code: plain(code), request }
            }
        }
    }

    fn unanswered<E>(call: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: Error + Send + Sync + 'static,
    {
        match error {
            SdkError::ConstructionFailure(_) => Self::Unfit { call, what: causes(&error) },
            // Credentials that cannot be had are told so, too; they may come in a moment.
            _ => Self::NoAnswer { call, what: causes(&error) },
        }
    }
}

//! What an answer of SES means for the letter.

use aws::{CallError, causes, plain};
use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use notifier::NotifyError;
use thiserror::Error;

/// Why a call was not answered as it should be; nothing of the request, and none of the server's own words, which may name people.
#[derive(Debug, Error)]
pub(crate) enum SesError {
    /// No whole answer came.
    #[error("{what}")]
    NoAnswer { what: String },
    /// No whole answer came in time.
    #[error("no answer within {seconds} s")]
    TimedOut { seconds: u64 },
    /// It refused.
    #[error("refused with {status} {code}")]
    Refused { status: u16, code: String },
}

impl SesError {
    pub fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(refused) => {
                let code = plain(refused.err().code().unwrap_or("unknown"));
                Self::Refused { status: refused.raw().status().as_u16(), code }
            }
            other => Self::NoAnswer { what: causes(other) },
        }
    }
}

impl CallError for SesError {
    fn timed_out(_: &'static str, seconds: u64) -> Self {
        Self::TimedOut { seconds }
    }

    /// A letter whose answer was lost may have been taken over: it is sent again by who keeps count, not here.
    fn retryable(&self) -> bool {
        false
    }

    fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: 401 | 403, .. })
    }
}

impl From<SesError> for NotifyError {
    fn from(error: SesError) -> Self {
        match error {
            SesError::NoAnswer { what } => Self::Unreachable { why: what },
            SesError::TimedOut { seconds } => Self::TimedOut { seconds },
            SesError::Refused { status, code } => refused(status, code),
        }
    }
}

/// By the errors of `SendEmail` (SES API v2 reference), then by status.
fn refused(status: u16, code: String) -> NotifyError {
    match (code.as_str(), status) {
        ("TooManyRequestsException" | "LimitExceededException" | "SendingPausedException", _) | (_, 429 | 500..) => {
            NotifyError::Deferred { code }
        }
        ("MessageRejected" | "MailFromDomainNotVerifiedException" | "BadRequestException", _) => {
            NotifyError::Rejected { code }
        }
        // A wrong key, a missing right, a suspended account, a configuration set that is not there.
        _ => NotifyError::Denied { code },
    }
}

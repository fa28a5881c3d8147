//! What the SDK says of a call that failed, and the same in the words of the ports.

use std::error::Error;

use aws::{CallError, RequestNumber, causes, plain};
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use stores::StoreError;
use stores::error::Cause;
use thiserror::Error;

/// Why a call to DynamoDB failed.
#[derive(Debug, Error)]
pub enum DynamoError {
    /// What the write relied on is not so; nothing was written.
    #[error("{call}: the condition does not hold")]
    Condition {
        /// Which call.
        call: &'static str,
    },
    /// Another write to the same item was under way; nothing was written.
    #[error("{call}: another write was under way")]
    Conflict {
        /// Which call.
        call: &'static str,
    },
    /// There is no such table.
    #[error("{call}: there is no such table: run `outhaul migrate`")]
    NoTable {
        /// Which call.
        call: &'static str,
    },
    /// The server refused.
    #[error("{call}: refused with {status} {code}{request}")]
    Refused {
        /// Which call.
        call: &'static str,
        /// The HTTP status.
        status: u16,
        /// DynamoDB's error code, e.g. `AccessDeniedException`.
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
    /// The call cannot be made with these options.
    #[error("{call}: it cannot be asked for: {what}")]
    Unfit {
        /// Which call.
        call: &'static str,
        /// Why not.
        what: String,
    },
}

/// The call that writes several items or none.
pub(crate) const TRANSACT: &str = "TransactWriteItems";

/// Codes of answers after which the same request may do better.
const PASSING_CODES: &[&str] = &[
    "ExpiredTokenException",
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ResourceInUseException",
    "ServiceUnavailable",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionInProgressException",
];

/// Codes that may mean no more than that our clock is off.
const CLOCK_CODES: &[&str] = &["InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"];

impl CallError for DynamoError {
    fn timed_out(call: &'static str, seconds: u64) -> Self {
        Self::TimedOut { call, seconds }
    }

    fn retryable(&self) -> bool {
        match self {
            // What a transaction was made of is read again before it is made again.
            Self::Conflict { call } => *call != TRANSACT,
            other => other.may_pass(),
        }
    }

    fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if CLOCK_CODES.contains(&code.as_str()))
    }
}

impl DynamoError {
    /// Whether the same call may succeed later.
    fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::TimedOut { .. } | Self::Conflict { .. } => true,
            Self::Refused { status, code, .. } => *status >= 500 || PASSING_CODES.contains(&code.as_str()),
            _ => false,
        }
    }

    /// The server has done less than was asked, since it is asked too much.
    pub(crate) fn busy(call: &'static str) -> Self {
        let code = "ProvisionedThroughputExceeded".to_owned();
        Self::Refused { call, status: 400, code, request: RequestNumber::default() }
    }

    /// Whether the server may have done what was asked.
    pub(crate) fn may_be_done(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::TimedOut { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
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
        match code {
            "ConditionalCheckFailedException" => Self::Condition { call },
            "TransactionConflictException" => Self::Conflict { call },
            "ResourceNotFoundException" => Self::NoTable { call },
            code => Self::Refused { call, status, code: plain(code), request: number(refused.err()) },
        }
    }

    /// The same of a transaction, which says of each item why it was in the way.
    pub(crate) fn of_transaction(error: SdkError<TransactWriteItemsError, HttpResponse>) -> Self {
        let call = TRANSACT;
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
            return Self::of(call, error);
        };
        let codes: Vec<_> = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
        // What is wrong for good counts before what passes.
        if codes.contains(&"ConditionalCheckFailed") {
            return Self::Condition { call };
        }
        let told = codes.iter().find(|code| !["None", "TransactionConflict"].contains(*code));
        match told {
            Some(code) => Self::Refused {
                call,
                status: 400,
                code: plain(code),
                request: RequestNumber::new(cancelled_id(&error)),
            },
            None => Self::Conflict { call },
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

fn number(error: &impl RequestId) -> RequestNumber {
    RequestNumber::new(error.request_id())
}

fn cancelled_id(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> Option<&str> {
    error.request_id()
}

/// Says what was being done, and whether a repeat may help.
pub(crate) fn failed(doing: &'static str) -> impl Fn(DynamoError) -> StoreError {
    move |error| match error.may_pass() {
        true => StoreError::Unavailable { doing, source: error.into() },
        false => StoreError::Backend { doing, source: error.into() },
    }
}

/// What cannot be done, whoever asks.
pub(crate) fn refused(doing: &'static str, why: impl Into<Cause>) -> StoreError {
    StoreError::Backend { doing, source: why.into() }
}

/// An item that no program of ours wrote.
pub(crate) fn corrupt(what: &str, source: impl Into<Cause>) -> StoreError {
    StoreError::Corrupt { what: what.to_owned(), source: source.into() }
}

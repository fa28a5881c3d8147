//! The codes of problem documents, each with its status, its title and its page.

use axum::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $status:literal $text:literal $title:literal,)*) => {
        /// Why a request was not done, as clients can tell apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What it means, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// The page that explains it, in Markdown.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../../../docs/errors/", $text, ".md")),)* }
            }

            const fn number(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

codes! {
    /// The head is not one of HTTP/1.1.
    MalformedRequest = 400 "malformed_request" "The request cannot be read",
    /// The body is not what its type says.
    MalformedBody = 400 "malformed_body" "The body cannot be read",
    /// No token, or one that is not good.
    Unauthenticated = 401 "unauthenticated" "A valid access token is needed",
    /// Address and password do not belong together.
    LoginFailed = 401 "login_failed" "Address or password is wrong",
    /// The refresh token is not good, or no longer.
    RefreshFailed = 401 "refresh_failed" "The refresh token is not valid; sign in again",
    /// The caller may see this, but not do that.
    Forbidden = 403 "forbidden" "This needs another role or scope",
    /// Nothing is there for this caller.
    NotFound = 404 "not_found" "There is nothing here",
    /// The path is there, the method is not.
    MethodNotAllowed = 405 "method_not_allowed" "This method is not possible here",
    /// The client took too long to send its request.
    RequestTimeout = 408 "request_timeout" "The request came too slowly",
    /// The same key came with another request.
    IdempotencyConflict = 409 "idempotency_conflict" "This Idempotency-Key belongs to another request",
    /// It is not ready, or not any more in a state that allows this.
    NotReady = 409 "not_ready" "The export is not ready",
    /// There is nothing to repeat.
    NotRetryable = 409 "not_retryable" "The export has no failed days to repeat",
    /// An organisation keeps an admin.
    LastAdmin = 409 "last_admin" "The organisation would be left without an admin",
    /// It was there once.
    Expired = 410 "expired" "The files are no longer kept",
    /// The client means another file than the one that is there.
    PreconditionFailed = 412 "precondition_failed" "The file is not the one that If-Match names",
    /// More than is taken.
    BodyTooLarge = 413 "body_too_large" "The body is too large",
    /// Not a type or coding that is read here.
    UnsupportedMediaType = 415 "unsupported_media_type" "This content type or coding is not read here",
    /// No byte of the file lies in the range.
    RangeNotSatisfiable = 416 "range_not_satisfiable" "The range lies outside the file",
    /// Fields that cannot be.
    InvalidRequest = 422 "invalid_request" "The request has fields that cannot be",
    /// Lines of an input that were refused.
    RefusedMessages = 422 "refused_messages" "Messages were refused; none was taken",
    /// More than one export may hold.
    ExportTooLarge = 422 "export_too_large" "The export would be too large",
    /// Too many tries at signing in.
    TooManyAttempts = 429 "too_many_attempts" "Too many attempts; wait",
    /// Too many exports on one day.
    TooManyExports = 429 "too_many_exports" "Too many exports today",
    /// The cause is here and not with the client.
    Internal = 500 "internal" "Something failed here",
    /// Something that is needed is away.
    Unavailable = 503 "unavailable" "A part of the service is away; try again",
    /// The answer took longer than an answer may.
    TimedOut = 503 "timed_out" "The answer took too long; try again",
}

impl Code {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.number()).expect("each code has a status of HTTP")
    }

    /// The code of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

//! What every client of AWS here has in common: where it calls and how it signs, what the time is there, and how often it tries.
//!
//! A client is `aws_sdk_x::config::Builder::from(&place.config(&time).await)` with the interceptors [`ServerTime`] and
//! [`NoTryNumbers`]; each of its calls goes through [`Calls`].

mod calls;
mod error;
mod headers;
mod place;
mod server_time;
mod signer;
mod tries;

pub use calls::{CallError, Calls};
pub use error::{RequestNumber, causes, plain};
pub use headers::NoTryNumbers;
pub use place::{Credentials, OptionError, Place};
pub use server_time::{ServerTime, system_time};
pub use signer::{SignError, Signer};
pub use tries::Tries;

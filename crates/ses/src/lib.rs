//! Letters by the API of Amazon SES, version 2.

mod check;
mod error;
mod options;
mod send;
#[cfg(test)]
mod tests;

pub use crate::options::SesOptions;
pub use crate::send::SesNotifier;
pub use aws::{Credentials, OptionError, Place};

//! A letter as a message for a mail service that is no SMTP server and gives messages ids of its own.

use domain::time::Micros;
use lettre::message::header::{Header, HeaderName, HeaderValue};

use crate::message::{Sender, message};
use crate::{Letter, NotifyError};

/// A letter as it is handed over.
pub struct Written {
    /// Whose it is.
    pub to: String,
    /// The message (RFC 5322). The letter's id stands in `X-Outhaul-Letter`, too, where no service replaces it.
    pub bytes: Vec<u8>,
}

impl Written {
    /// Writes a letter, dated `now`.
    ///
    /// # Errors
    /// No message can be made of it.
    pub fn of(letter: &Letter, from: &Sender, now: Micros) -> Result<Self, NotifyError> {
        let mut message = message(letter, from, now)?;
        message.headers_mut().set(LetterHeader(letter.id.as_str().to_owned()));
        Ok(Self { to: letter.to.as_str().to_owned(), bytes: message.formatted() })
    }
}

#[derive(Clone)]
struct LetterHeader(String);

impl Header for LetterHeader {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("X-Outhaul-Letter")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

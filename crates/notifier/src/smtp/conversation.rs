//! One conversation with a mail server, and what its answers mean for the letter.

use std::error::Error as _;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;

use super::options::{Server, Tls};
use crate::NotifyError;

/// A server that has greeted, protected and let us in as the options say.
pub(super) struct Conversation(AsyncSmtpConnection);

impl Conversation {
    /// Connects, protects the way and logs in.
    pub async fn begin(server: &Server) -> Result<Self, NotifyError> {
        let from_the_first_byte = server.tls.as_ref().filter(|(tls, _)| *tls == Tls::Implicit);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (server.host.as_str(), server.port),
            Some(server.timeout),
            &server.hello,
            from_the_first_byte.map(|(_, parameters)| parameters.clone()),
            None,
        )
        .await
        .map_err(not_let_in)?;
        if let Some((Tls::StartTls, parameters)) = &server.tls {
            connection.starttls(parameters.clone(), &server.hello).await.map_err(not_let_in)?;
        }
        if let Some(credentials) = &server.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(not_let_in)?;
        }
        Ok(Self(connection))
    }

    /// Hands one message over; `Ok` is the server's word that it has it now.
    pub async fn hand_over(&mut self, envelope: &Envelope, message: &[u8]) -> Result<(), NotifyError> {
        self.0.send(envelope, message).await.map(drop).map_err(not_taken)
    }

    /// Says good-bye.
    pub async fn end(mut self) {
        self.0.abort().await;
    }
}

/// Before the letter was spoken of, no answer is about the letter.
fn not_let_in(error: Error) -> NotifyError {
    match error.status() {
        Some(code) if error.is_permanent() => NotifyError::NotLetIn { code: code.into() },
        _ => not_taken(error),
    }
}

fn not_taken(error: Error) -> NotifyError {
    /// 'Authentication required' and its kin, which may come with any command (RFC 4954 section 6).
    const ABOUT_US: [u16; 4] = [530, 534, 535, 538];
    let Some(code) = error.status().map(u16::from) else {
        return NotifyError::Unreachable { why: why(&error) };
    };
    match code {
        _ if error.is_transient() => NotifyError::PutOff { code },
        _ if ABOUT_US.contains(&code) => NotifyError::NotLetIn { code },
        _ => NotifyError::Refused { code },
    }
}

/// What happened to the connection; what the server said is left out, it may name people.
fn why(error: &Error) -> String {
    if error.is_response() {
        return "it ended the conversation or answered otherwise than SMTP does".to_owned();
    }
    error.source().map_or_else(|| "the connection failed".to_owned(), ToString::to_string)
}

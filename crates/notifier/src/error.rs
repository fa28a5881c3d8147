//! Why a letter was not sent; nothing here repeats an address, a password or what a server said.

use std::io;

use thiserror::Error;

/// Why a letter was not sent.
#[derive(Debug, Error)]
pub enum NotifyError {
    /// The mail server cannot be reached, ended the conversation, or speaks otherwise than SMTP.
    #[error("the mail server cannot be used: {why}")]
    Unreachable {
        /// What happened, in words of this program, of the network or of TLS.
        why: String,
    },
    /// The mail server did not finish in time.
    #[error("the mail server did not answer within {seconds} s")]
    TimedOut {
        /// The deadline that was over.
        seconds: u64,
    },
    /// The mail server says: not now (RFC 5321 section 4.2.1, 4yz).
    #[error("the mail server put the letter off (answer {code})")]
    PutOff {
        /// Its answer.
        code: u16,
    },
    /// The mail server does not want to talk to this program: the name, the user or the password is not right.
    ///
    /// Nothing is wrong with the letter; once the configuration is right it can be sent.
    #[error("the mail server does not let this program in (answer {code}): check the user, the password and TLS")]
    NotLetIn {
        /// Its answer.
        code: u16,
    },
    /// The mail server refuses this letter for good (RFC 5321 section 4.2.1, 5yz).
    #[error("the mail server refused the letter (answer {code})")]
    Refused {
        /// Its answer.
        code: u16,
    },
    /// The mail service says: not now.
    #[error("the mail service put the letter off ({code})")]
    Deferred {
        /// Its word for it.
        code: String,
    },
    /// The mail service does not let this program in, or the account may not send.
    ///
    /// Nothing is wrong with the letter; once the configuration is right it can be sent.
    #[error("the mail service does not let this program in ({code}): check keys, rights, region and configuration set")]
    Denied {
        /// Its word for it.
        code: String,
    },
    /// The mail service refuses this letter for good.
    #[error("the mail service refused the letter ({code})")]
    Rejected {
        /// Its word for it.
        code: String,
    },
    /// No message can be made of the letter.
    #[error("the letter cannot be written as a message: {why}")]
    Unwritable {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The folder for mail could not be written.
    #[error("could not {doing} in the folder for mail")]
    Folder {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl NotifyError {
    /// Whether the same letter may go through later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::PutOff { .. }
            | Self::NotLetIn { .. }
            | Self::Deferred { .. }
            | Self::Denied { .. }
            | Self::Folder { .. } => true,
            Self::Refused { .. } | Self::Rejected { .. } | Self::Unwritable { .. } => false,
        }
    }
}

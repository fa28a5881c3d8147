//! `[mail]`: how letters leave.

use std::path::PathBuf;

use notifier::{Sender, SmtpOptions, Tls};
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::exit::Failure;

/// How letters leave.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `files` (one .eml each in the data folder's `mail`), `smtp` or `ses`.
    pub kind: MailKind,
    /// Who letters come from: an address, or a name and `<address>`.
    pub from: String,
    /// The server's name (smtp).
    pub host: String,
    /// The server's port (smtp); 0 for what `tls` usually has: 465, 587 or 25.
    pub port: u16,
    /// `implicit`, `starttls` (required, never given up) or `none` (smtp).
    pub tls: MailTls,
    /// Name to sign in with (smtp); empty for none.
    pub user: String,
    /// Password to sign in with (smtp); better from the environment or `password_file`.
    pub password: Secret,
    /// File whose first line is the password (smtp); empty for none.
    pub password_file: PathBuf,
    /// How long one letter may take (seconds).
    pub timeout_seconds: u64,
}

/// Where letters go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailKind {
    /// Into a folder.
    Files,
    /// To a mail server.
    Smtp,
    /// To Amazon SES, by its API.
    Ses,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// TLS from the first byte.
    Implicit,
    /// TLS after STARTTLS, or no letter.
    Starttls,
    /// None; for a server on the same machine.
    None,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            kind: MailKind::Files,
            from: "outhaul@localhost".to_owned(),
            host: String::new(),
            port: 0,
            tls: MailTls::Starttls,
            user: String::new(),
            password: Secret::default(),
            password_file: PathBuf::new(),
            timeout_seconds: 30,
        }
    }
}

impl Mail {
    pub(super) fn check(&self) -> Result<(), Failure> {
        let refused = |what: &str| Err(Failure::usage(what));
        let has_file = !self.password_file.as_os_str().is_empty();
        let has_password = has_file || !self.password.is_empty();
        self.sender()?;
        if self.timeout_seconds == 0 {
            return refused("mail.timeout_seconds must not be 0");
        }
        if self.kind != MailKind::Smtp {
            return Ok(());
        }
        if self.host.is_empty() || !self.host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte))
        {
            return refused("mail.host must name the server");
        }
        if has_file && !self.password.is_empty() {
            self.password()?;
        }
        if has_password == self.user.is_empty() {
            return refused("mail.user and a password (mail.password or mail.password_file) belong together");
        }
        Ok(())
    }

    /// Who letters come from.
    pub fn sender(&self) -> Result<Sender, Failure> {
        let example = "mail.from must be like exports@example.org or Exports of Example <exports@example.org>";
        self.from.parse().map_err(|_| Failure::usage(example))
    }

    /// How the mail server is spoken to.
    ///
    /// # Errors
    /// The file with the password cannot be read; its content is never repeated.
    pub fn smtp(&self) -> Result<SmtpOptions, Failure> {
        let tls = match self.tls {
            MailTls::Implicit => Tls::Implicit,
            MailTls::Starttls => Tls::StartTls,
            MailTls::None => Tls::None,
        };
        let mut options = SmtpOptions::new(&self.host, tls);
        if self.port != 0 {
            options.port = self.port;
        }
        if !self.user.is_empty() {
            options.login = Some((self.user.clone(), self.password()?.hidden()));
        }
        options.timeout_seconds = self.timeout_seconds;
        Ok(options)
    }

    pub(super) fn password(&self) -> Result<Secret, Failure> {
        self.password.or_file("mail.password", &self.password_file)
    }
}

//! Messages to people: what they say, how they look, and how they are sent.

mod error;
mod folder;
mod letter;
pub mod letters;
mod message;
mod parsed;
mod port;
mod smtp;
mod written;

pub use error::NotifyError;
pub use folder::FolderNotifier;
pub use letter::{Attachment, Letter, LetterId, MediaType};
pub use message::Sender;
pub use parsed::{FileName, ParseError, PublicUrl, Subject};
pub use port::Notifier;
pub use smtp::{SmtpNotifier, SmtpOptions, SmtpOptionsError, Tls};
pub use written::Written;

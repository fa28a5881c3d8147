//! A letter as an Internet message (RFC 5322, MIME), the same bytes for the same letter, sender and time.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::people::Email;
use domain::time::Micros;
use lettre::message::header::{
    ContentDisposition, ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};

use crate::parsed::{ParseError, is_plain_header};
use crate::{Attachment, Letter, NotifyError};

/// Who letters come from: an address, maybe with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    name: Option<String>,
    address: Email,
}

impl Sender {
    /// Greatest length of the name in bytes.
    pub const NAME_LIMIT_BYTES: usize = 100;

    /// The address.
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// The domain of the address, the right side of every `Message-ID`.
    pub fn domain(&self) -> &str {
        self.address.as_str().rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }
}

/// Reads `exports@example.org` or `Exports of Example <exports@example.org>`.
impl FromStr for Sender {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (Some(name.trim()), address),
            None => (None, text),
        };
        let fits = |name: &&str| is_plain_header(name) && !name.is_empty() && name.len() <= Self::NAME_LIMIT_BYTES;
        if name.is_some_and(|name| !fits(&name)) {
            return Err(ParseError::Sender);
        }
        let address = address.parse().map_err(|_| ParseError::Sender)?;
        Ok(Self { name: name.map(str::to_owned), address })
    }
}

/// Says that nobody wrote this, so that no machine answers (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The message of a letter, dated `now`.
pub(crate) fn message(letter: &Letter, from: &Sender, now: Micros) -> Result<Message, NotifyError> {
    let id = format!("<{}@{}>", letter.id, from.domain());
    let builder = Message::builder()
        .from(mailbox(from.name.clone(), &from.address)?)
        .to(mailbox(None, &letter.to)?)
        .subject(letter.subject.as_str())
        .message_id(Some(id))
        .date(date(now))
        .header(AutoSubmitted);
    let both = MultiPart::alternative().boundary(boundary(letter, "alternative"));
    let both = both
        .singlepart(readable(ContentType::TEXT_PLAIN, &letter.text)?)
        .singlepart(readable(ContentType::TEXT_HTML, &letter.html)?);
    let whole = match &letter.attachment {
        None => both,
        Some(file) => {
            let mixed = MultiPart::mixed().boundary(boundary(letter, "mixed"));
            mixed.multipart(both).singlepart(attached(file)?)
        }
    };
    builder.multipart(whole).map_err(|_| NotifyError::Unwritable { why: "the headers do not make a message" })
}

fn mailbox(name: Option<String>, address: &Email) -> Result<Mailbox, NotifyError> {
    let parsed = address.as_str().parse();
    let address = parsed.map_err(|_| NotifyError::Unwritable { why: "an address cannot be written in a header" })?;
    Ok(Mailbox::new(name, address))
}

/// A line that neither quoted-printable nor base64 can hold, since a bare `=_` is in neither (RFC 2045 section 6.7).
fn boundary(letter: &Letter, kind: &str) -> String {
    // At most 70 characters (RFC 2046 section 5.1.1); the ends of an id tell its letters apart well enough.
    let id: String = letter.id.as_str().chars().take(48).collect();
    format!("=_{kind}_{id}")
}

/// A text part, always quoted-printable: lines stay short and no line can be taken for a boundary.
fn readable(content_type: ContentType, text: &str) -> Result<SinglePart, NotifyError> {
    let body = Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable);
    let body = body.map_err(|_| NotifyError::Unwritable { why: "a text cannot be encoded" })?;
    Ok(SinglePart::builder().header(content_type).body(body))
}

fn attached(file: &Attachment) -> Result<SinglePart, NotifyError> {
    let body = Body::new_with_encoding(file.bytes.clone(), ContentTransferEncoding::Base64);
    let body = body.map_err(|_| NotifyError::Unwritable { why: "the attachment cannot be encoded" })?;
    let content_type = ContentType::parse(file.media_type.name());
    let content_type = content_type.map_err(|_| NotifyError::Unwritable { why: "the attachment has no media type" })?;
    let disposition = ContentDisposition::attachment(file.file_name.as_str());
    Ok(SinglePart::builder().header(disposition).header(content_type).body(body))
}

/// The date of a header, kept within the years that the format can write.
fn date(now: Micros) -> SystemTime {
    let micros = now.0.clamp(0, Micros::MAX.0);
    UNIX_EPOCH + Duration::from_micros(micros.unsigned_abs())
}

#[cfg(test)]
mod tests;

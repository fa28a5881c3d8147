//! In which form the messages come, by the headers.

use axum::http::{HeaderMap, HeaderName, header};
use domain::limits::Limits;
use lake::ingest::Compression;

use crate::exports::client_key;
use crate::problem::{Code, Problem};

/// What the headers say of the body.
#[derive(Debug)]
pub(super) struct Form {
    /// The key of the batch, if one was given.
    pub(super) batch_key: Option<String>,
    /// How it is compressed.
    pub(super) compression: Compression,
}

/// Reads the headers; a length over the limit is refused before a byte is read.
pub(super) fn form(headers: &HeaderMap, limits: &Limits) -> Result<Form, Problem> {
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let mut parts = kind.split(';').map(str::trim);
    let parameters = |rest: &str| matches!(rest.replace('"', "").as_str(), "" | "charset=utf-8");
    if parts.next() != Some("application/x-ndjson") || !parts.all(parameters) {
        return Err(Problem::new(Code::UnsupportedMediaType).detail("send the messages as application/x-ndjson"));
    }
    let compression = match text(headers, header::CONTENT_ENCODING).as_deref() {
        None | Some("identity") => Compression::Plain,
        Some("gzip" | "x-gzip") => Compression::Gzip,
        Some("zstd") => Compression::Zstd,
        Some(_) => {
            let detail = "compress the body with gzip or zstd, once, or not at all";
            return Err(Problem::new(Code::UnsupportedMediaType).detail(detail));
        }
    };
    let length = text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > limits.request_body_bytes) {
        return Err(Problem::new(Code::BodyTooLarge).limit("request_body_bytes"));
    }
    let batch_key = client_key(headers)?.map(|key| key.as_str().to_owned());
    Ok(Form { batch_key, compression })
}

/// A header in lower case; one that comes twice is like one that cannot be.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    Some(text.map_or_else(|| "unreadable".to_owned(), |text| text.trim().to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)], expected: Result<(Compression, Option<&str>), Code>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let found = form(&map, &Limits::default());
        let found = found.as_ref().map(|form| (form.compression, form.batch_key.as_deref()));
        assert_eq!(found.map_err(|problem| problem.code), expected, "{headers:?}");
    }

    #[test]
    fn the_headers_say_what_comes() {
        let ndjson = ("content-type", "application/x-ndjson");
        check(&[ndjson], Ok((Compression::Plain, None)));
        check(&[("content-type", "Application/X-NDJSON; charset=UTF-8")], Ok((Compression::Plain, None)));
        check(&[ndjson, ("content-encoding", "gzip"), ("idempotency-key", "k")], Ok((Compression::Gzip, Some("k"))));
        check(&[ndjson, ("content-encoding", "zstd")], Ok((Compression::Zstd, None)));
        check(&[ndjson, ("content-encoding", "identity")], Ok((Compression::Plain, None)));
        check(&[], Err(Code::UnsupportedMediaType));
        check(&[("content-type", "application/json")], Err(Code::UnsupportedMediaType));
        check(&[("content-type", "application/x-ndjson; charset=latin1")], Err(Code::UnsupportedMediaType));
        check(&[ndjson, ndjson], Err(Code::UnsupportedMediaType));
        check(&[ndjson, ("content-encoding", "br")], Err(Code::UnsupportedMediaType));
        check(&[ndjson, ("content-encoding", "gzip, zstd")], Err(Code::UnsupportedMediaType));
        check(&[ndjson, ("content-length", "67108865")], Err(Code::BodyTooLarge));
        check(&[ndjson, ("idempotency-key", "a b")], Err(Code::InvalidRequest));
    }
}

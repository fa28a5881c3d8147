//! A JSON body: bounded, of the right type, read strictly, with the field that was wrong.

mod reason;
mod strict;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;
use serde::de::DeserializeOwned;

use crate::App;
use crate::problem::{Code, Problem};

pub(crate) use strict::strict;

/// A body of type `application/json`. `T` denies unknown fields; keys that come twice are refused at every level.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let body = JsonBytes::from_request(request, app).await?;
        body.parse().map(Self)
    }
}

/// The same, before it is read: for a handler that also needs the bytes themselves.
#[derive(Debug)]
pub struct JsonBytes(pub Bytes);

impl FromRequest<Arc<App>> for JsonBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "send the body as application/json, without Content-Encoding";
            return Err(Problem::new(Code::UnsupportedMediaType).detail(detail));
        }
        let limits = app.limits();
        // The other half is for the answer, so that a slow client is told apart from a slow store.
        let patience = Duration::from_secs(limits.request_seconds) / 2;
        let reading = read(request, limits.json_body_bytes);
        tokio::time::timeout(patience, reading).await.unwrap_or(Err(Problem::new(Code::RequestTimeout))).map(Self)
    }
}

impl JsonBytes {
    /// Reads the body as a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let value = strict(&self.0).map_err(|reason| Problem::new(Code::MalformedBody).detail(reason))?;
        // A list would be read as the fields of a `T` in their order.
        if !value.is_object() {
            return Err(Problem::field("body", "must be an object"));
        }
        serde_path_to_error::deserialize(value).map_err(|error| Problem::fields(vec![reason::of(&error)]))
    }
}

async fn read(request: Request, limit_bytes: u64) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Code::BodyTooLarge).limit("json_body_bytes");
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit_bytes) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    let mut chunks = request.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::MalformedBody).detail("the body broke off"))?;
        if (body.len() + chunk.len()) as u64 > limit_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// `application/json`, with no parameter but `charset=utf-8`, and not compressed.
fn is_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("").trim().to_ascii_lowercase());
    let mut parts = match text(header::CONTENT_TYPE) {
        Some(kind) => kind.split(';').map(|part| part.trim().to_owned()).collect::<Vec<_>>().into_iter(),
        None => return false,
    };
    let json = parts.next().is_some_and(|kind| kind == "application/json");
    let plain = parts.all(|part| matches!(part.replace('"', "").as_str(), "" | "charset=utf-8"));
    let coded = text(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    json && plain && !coded
}

//! One request and its answer, within a deadline, on a thread that may wait.

use std::time::Duration;

use domain::secret::Secret;
use jiff::fmt::rfc2822;
use ureq::Agent;
use ureq::http::{Method, Request, header};
use ureq::tls::TlsConfig;

use crate::error::RestError;

/// Most of an answer that is read (bytes): a table's metadata with some ten thousand snapshots.
const ANSWER_BYTES: u64 = 64 << 20;

/// A client that keeps connections.
#[derive(Clone, Debug)]
pub(crate) struct Http(Agent);

/// What is asked.
#[derive(Clone)]
pub(crate) struct Ask {
    pub method: Method,
    pub url: String,
    pub bearer: Option<Secret>,
    /// Headers that sign it.
    pub signature: Vec<(String, String)>,
    /// Media type and bytes.
    pub body: Option<(&'static str, Vec<u8>)>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    /// The header Date.
    date: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// What the time is at the server (milliseconds), as far as it says so.
    pub fn server_ms(&self) -> Option<i64> {
        Some(rfc2822::parse(self.date()?).ok()?.timestamp().as_millisecond())
    }

    /// The header Date as it came.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }
}

impl Http {
    pub fn new(tls: TlsConfig) -> Self {
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("outhaul/", env!("CARGO_PKG_VERSION")));
        Self(config.build().new_agent())
    }

    /// Dropping the future does not take the request back.
    pub async fn send(&self, ask: Ask, deadline: Duration) -> Result<Answer, RestError> {
        let agent = self.0.clone();
        let sent = tokio::task::spawn_blocking(move || send(&agent, ask, deadline));
        sent.await.unwrap_or_else(|_| Err(RestError::Away { why: "this program is stopping".to_owned() }))
    }
}

fn send(agent: &Agent, ask: Ask, deadline: Duration) -> Result<Answer, RestError> {
    let mut request = Request::builder().method(ask.method).uri(&ask.url).header(header::ACCEPT, "application/json");
    if let Some(bearer) = &ask.bearer {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", bearer.reveal()));
    }
    for (name, value) in &ask.signature {
        request = request.header(name, value);
    }
    let unwritable = |_| RestError::Away { why: "the request cannot be written".to_owned() };
    let response = match ask.body {
        None => {
            let request = request.body(()).map_err(unwritable)?;
            agent.run(agent.configure_request(request).timeout_global(Some(deadline)).build())
        }
        Some((media_type, bytes)) => {
            let request = request.header(header::CONTENT_TYPE, media_type).body(bytes).map_err(unwritable)?;
            agent.run(agent.configure_request(request).timeout_global(Some(deadline)).build())
        }
    };
    let (head, body) = response.map_err(away)?.into_parts();
    let date = head.headers.get(header::DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    let body = body.into_with_config().limit(ANSWER_BYTES).read_to_vec().map_err(away)?;
    Ok(Answer { status: head.status.as_u16(), date, body })
}

fn away(error: ureq::Error) -> RestError {
    let why = match error {
        ureq::Error::Io(error) => error.kind().to_string(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        error => error.to_string(),
    };
    RestError::Away { why }
}

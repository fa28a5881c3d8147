//! The service from outside: requests with a token, retried while the service is away.

mod answer;
pub mod download;
pub mod exports;
mod session;
pub mod tls;
mod upload;

use std::time::Duration;

use anyhow::anyhow;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use self::session::Session;
use crate::config::{Secret, is_origin};
use crate::exit::{Exit, Failure};

pub use answer::Answer;
pub use upload::Upload;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the service may say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// Attempts at one request while the service is away.
pub const ATTEMPTS: u32 = 6;
/// The wait before the second attempt; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// A longer wait is not waited for, whatever the service asks.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A service, as one of its users.
#[derive(Clone)]
pub struct Remote {
    agent: Agent,
    base: String,
    session: Session,
}

impl Remote {
    /// The service at `base`, e.g. `https://export.example.org`; an empty token for none.
    ///
    /// # Errors
    /// Exit 2 where `base` or `token` cannot be one.
    pub fn new(base: &str, token: Secret) -> Result<Self, Failure> {
        Self::of(base, Session::of_token(token))
    }

    fn of(base: &str, session: Session) -> Result<Self, Failure> {
        let base = base.trim_end_matches('/').to_owned();
        if !is_origin(&base) {
            return Err(Failure::usage("--server must be http:// or https:// and a host"));
        }
        if !session.token().reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::usage("OUTHAUL_TOKEN is not a token"));
        }
        let config = Agent::config_builder()
            .tls_config(tls::config()?)
            .http_status_as_error(false)
            // A token never travels to where a redirect points.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .user_agent(concat!("outhaul/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: Agent::new_with_config(config), base, session })
    }

    /// The service of `--server`, as whom the environment names.
    pub fn of_environment(base: &str) -> Result<Self, Failure> {
        let needed = "--server needs a token in OUTHAUL_TOKEN, or OUTHAUL_EMAIL and OUTHAUL_PASSWORD to sign in with";
        Self::of(base, Session::of_environment().ok_or_else(|| Failure::usage(needed))?)
    }

    /// The address of the service.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The same service for somebody else.
    pub fn with_token(&self, token: String) -> Self {
        Self { session: Session::of_token(Secret::from(token)), ..self.clone() }
    }

    /// What is behind `path`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.call("GET", path, None, None).await?.json()
    }

    /// What `path` answers to `body`.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Failure> {
        self.call("POST", path, Some(body), None).await?.json()
    }

    /// One request, repeated while the service is away; any other answer is the caller's to judge. What is sent with an
    /// idempotency key, and what changes nothing, may be repeated.
    pub async fn call(
        &self,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Answer, Failure> {
        let body = body.map(|body| serde_json::to_vec(body).expect("a JSON value can be written"));
        let (mut wait, mut signed_in) = (FIRST_WAIT, false);
        for attempt in 1.. {
            let request = self.request(method, path, key, body.is_some())?;
            let (agent, body) = (self.agent.clone(), body.clone());
            let answered = blocking(move || once(&agent, request, body)).await;
            match answered {
                // A token is good for minutes, an export may take hours.
                Ok(answer) if answer.status == 401 && !signed_in && self.sign_in().await? => {
                    signed_in = true;
                    continue;
                }
                Ok(answer) if attempt == ATTEMPTS || !answer.is_away(LONGEST_WAIT) => return Ok(answer),
                Err(error) if attempt == ATTEMPTS => return Err(self.away(&error)),
                Ok(answer) => tokio::time::sleep(answer.retry_after.unwrap_or(wait).max(wait)).await,
                Err(_) => tokio::time::sleep(wait).await,
            }
            wait *= 2;
        }
        unreachable!("the last attempt returns")
    }

    fn request(&self, method: &str, path: &str, key: Option<&str>, json: bool) -> Result<Request<()>, Failure> {
        let mut request = Request::builder().method(method).uri(self.url(path)).header("accept", "application/json");
        let token = self.session.token();
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", token.reveal()));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if json {
            request = request.header("content-type", "application/json");
        }
        // The error may repeat a header, so it is not shown.
        request.body(()).map_err(|_| Failure::usage("the request cannot be written as HTTP"))
    }

    /// The address of a path; links come as whole addresses.
    fn url(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() }
    }

    /// The service that does not answer.
    fn away(&self, error: &ureq::Error) -> Failure {
        let reason = match error {
            ureq::Error::Io(error) => error.kind().to_string(),
            ureq::Error::BadUri(_) => "not an address".to_owned(),
            other => other.to_string(),
        };
        Failure::new(Exit::Unavailable, anyhow!("{} does not answer: {reason}", self.base))
    }
}

fn once(agent: &Agent, request: Request<()>, body: Option<Vec<u8>>) -> Result<Answer, ureq::Error> {
    Answer::read(match body {
        Some(body) => agent.run(request.map(|()| body))?,
        None => agent.run(request)?,
    })
}

/// Runs what waits for the network on a thread where waiting is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("what waits for the network does not panic")
}

//! How each request says who we are: by a token, given or asked for and kept until shortly before its end, or by a signature.

use std::sync::Arc;
use std::time::Duration;

use aws::Signer;
use domain::clock::Clock;
use domain::secret::Secret;
use domain::time::Micros;
use tokio::sync::{Mutex, OnceCell};
use ureq::http::Method;
use url::form_urlencoded::Serializer;

use crate::body::{self, Granted};
use crate::error::RestError;
use crate::http::{Answer, Ask, Http};
use crate::options::{Access, RestOptions};

const FORM: &str = "application/x-www-form-urlencoded";
/// How long before its end a token is no longer used.
const EARLY_SECONDS: u64 = 30;
/// How long one is good that does not say it.
const USUAL_SECONDS: u64 = 300;

/// Who we are, and the token that says it.
pub(crate) struct Identity {
    access: Access,
    uri: String,
    deadline: Duration,
    clock: Arc<dyn Clock>,
    token: Mutex<Option<(Secret, Micros)>>,
    signer: OnceCell<Signer>,
}

impl Identity {
    pub fn new(options: &RestOptions, clock: Arc<dyn Clock>) -> Self {
        let uri = match &options.access {
            Access::Client { uri, .. } if !uri.is_empty() => uri.clone(),
            _ => format!("{}/v1/oauth/tokens", options.uri.trim_end_matches('/')),
        };
        let (token, signer) = (Mutex::default(), OnceCell::new());
        Self { access: options.access.clone(), uri, deadline: options.answer, clock, token, signer }
    }

    /// The token for the next request, a new one where `refused` is the one that is kept.
    pub async fn token(&self, http: &Http, refused: Option<&Secret>) -> Result<Option<Secret>, RestError> {
        match &self.access {
            Access::Open | Access::Signed { .. } => Ok(None),
            Access::Token(token) => Ok(Some(token.clone())),
            Access::Client { id, secret, scope, .. } => {
                let mut kept = self.token.lock().await;
                if let Some((token, until)) = kept.as_ref()
                    && Some(token) != refused
                    && self.clock.now() < *until
                {
                    return Ok(Some(token.clone()));
                }
                let (token, until) = self.ask(http, id, secret, scope).await?;
                *kept = Some((token.clone(), until));
                Ok(Some(token))
            }
        }
    }

    /// The headers that sign a request, where requests are signed.
    pub async fn sign(&self, ask: &Ask) -> Result<Vec<(String, String)>, RestError> {
        let Access::Signed { place, service } = &self.access else { return Ok(Vec::new()) };
        let signer = self.signer.get_or_init(|| Signer::new(place, service, Arc::clone(&self.clock))).await;
        let body = ask.body.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let signed = signer.headers(ask.method.as_str(), &ask.url, body).await;
        signed.map_err(|error| RestError::Away { why: error.to_string() })
    }

    /// Whether an answer shows that its request was signed by a clock that was wrong.
    pub fn was_our_clock(&self, answer: &Answer) -> bool {
        let learns = |signer: &Signer| answer.date().is_some_and(|date| signer.learn(date));
        self.signer.get().is_some_and(learns) && matches!(answer.status, 400 | 401 | 403)
    }

    /// Whether a token that was refused can be replaced.
    pub fn renews(&self) -> bool {
        matches!(self.access, Access::Client { .. })
    }

    async fn ask(&self, http: &Http, id: &str, secret: &Secret, scope: &str) -> Result<(Secret, Micros), RestError> {
        let body = Some((FORM, form(id, secret, scope).into_bytes()));
        let asked = self.clock.now();
        let ask = Ask { method: Method::POST, url: self.uri.clone(), bearer: None, signature: Vec::new(), body };
        let answer = http.send(ask, self.deadline).await?;
        let Granted { access_token, expires_in } = body::read("token", &answer)?;
        let good = expires_in.unwrap_or(USUAL_SECONDS);
        Ok((Secret::new(access_token), asked.plus_seconds(good.saturating_sub(EARLY_SECONDS).max(good / 2))))
    }
}

fn form(id: &str, secret: &Secret, scope: &str) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    form.append_pair("client_id", id).append_pair("client_secret", secret.reveal());
    if !scope.is_empty() {
        form.append_pair("scope", scope);
    }
    form.finish()
}

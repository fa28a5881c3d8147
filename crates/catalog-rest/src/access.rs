//! The token that goes with each request: given, or asked for and kept until shortly before its end.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use domain::secret::Secret;
use domain::time::Micros;
use tokio::sync::Mutex;
use ureq::http::Method;
use url::form_urlencoded::Serializer;

use crate::body::{self, Granted};
use crate::error::RestError;
use crate::http::{Ask, Http};
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
}

impl Identity {
    pub fn new(options: &RestOptions, clock: Arc<dyn Clock>) -> Self {
        let uri = match &options.access {
            Access::Client { uri, .. } if !uri.is_empty() => uri.clone(),
            _ => format!("{}/v1/oauth/tokens", options.uri.trim_end_matches('/')),
        };
        Self { access: options.access.clone(), uri, deadline: options.answer, clock, token: Mutex::default() }
    }

    /// The token for the next request, a new one where `refused` is the one that is kept.
    pub async fn token(&self, http: &Http, refused: Option<&Secret>) -> Result<Option<Secret>, RestError> {
        match &self.access {
            Access::Open => Ok(None),
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

    /// Whether a token that was refused can be replaced.
    pub fn renews(&self) -> bool {
        matches!(self.access, Access::Client { .. })
    }

    async fn ask(&self, http: &Http, id: &str, secret: &Secret, scope: &str) -> Result<(Secret, Micros), RestError> {
        let body = Some((FORM, form(id, secret, scope).into_bytes()));
        let asked = self.clock.now();
        let ask = Ask { method: Method::POST, url: self.uri.clone(), bearer: None, body };
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

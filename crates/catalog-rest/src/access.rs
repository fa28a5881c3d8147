//! The token that goes with each request: given, or asked for and kept until shortly before its end.

use std::time::Duration;

use domain::secret::Secret;
use tokio::sync::Mutex;
use tokio::time::Instant;
use ureq::http::Method;
use url::form_urlencoded::Serializer;

use crate::body::{self, Granted};
use crate::error::RestError;
use crate::http::{Ask, Http};
use crate::options::{Access, RestOptions};

const FORM: &str = "application/x-www-form-urlencoded";
/// How long before its end a token is no longer used.
const EARLY: Duration = Duration::from_secs(30);
/// How long one is good that does not say it.
const USUAL: Duration = Duration::from_secs(300);

/// Who we are, and the token that says it.
pub(crate) struct Identity {
    access: Access,
    uri: String,
    deadline: Duration,
    token: Mutex<Option<(Secret, Instant)>>,
}

impl Identity {
    pub fn new(options: &RestOptions) -> Self {
        let uri = match &options.access {
            Access::Client { uri, .. } if !uri.is_empty() => uri.clone(),
            _ => format!("{}/v1/oauth/tokens", options.uri.trim_end_matches('/')),
        };
        Self { access: options.access.clone(), uri, deadline: options.answer, token: Mutex::default() }
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
                    && Instant::now() < *until
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

    async fn ask(&self, http: &Http, id: &str, secret: &Secret, scope: &str) -> Result<(Secret, Instant), RestError> {
        let body = Some((FORM, form(id, secret, scope).into_bytes()));
        let asked = Instant::now();
        let ask = Ask { method: Method::POST, url: self.uri.clone(), bearer: None, body };
        let answer = http.send(ask, self.deadline).await?;
        let Granted { access_token, expires_in } = body::read("token", &answer)?;
        let good = expires_in.map_or(USUAL, Duration::from_secs);
        Ok((Secret::new(access_token), asked + good.saturating_sub(EARLY).max(good / 2)))
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

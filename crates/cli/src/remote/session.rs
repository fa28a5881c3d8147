//! As whom the service is asked: an access token, and how to get another when it runs out.

use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::json;
use ureq::http::Request;

use super::{Remote, blocking, once};
use crate::config::Secret;
use crate::exit::Failure;

/// An access token, good for minutes, and an address with its password where there is one.
#[derive(Clone)]
pub(super) struct Session {
    token: Arc<Mutex<Secret>>,
    login: Option<Login>,
}

#[derive(Clone)]
struct Login {
    email: Secret,
    password: Secret,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

impl Session {
    /// A token alone; an empty one for nobody.
    pub(super) fn of_token(token: Secret) -> Self {
        Self { token: Arc::new(Mutex::new(token)), login: None }
    }

    /// What the environment says: OUTHAUL_TOKEN, OUTHAUL_EMAIL with OUTHAUL_PASSWORD, or all of them.
    pub(super) fn of_environment() -> Option<Self> {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(Secret::from);
        let login = named("OUTHAUL_EMAIL").zip(named("OUTHAUL_PASSWORD"));
        let login = login.map(|(email, password)| Login { email, password });
        let token = named("OUTHAUL_TOKEN");
        let is_somebody = token.is_some() || login.is_some();
        let token = Arc::new(Mutex::new(token.unwrap_or_else(|| Secret::from(String::new()))));
        is_somebody.then_some(Self { token, login })
    }

    /// The token as it is now.
    pub(super) fn token(&self) -> Secret {
        self.token.lock().expect("no panic while the token is held").clone()
    }
}

impl Remote {
    /// Signs in anew, where the environment says as whom; `false` where it does not.
    pub(super) async fn sign_in(&self) -> Result<bool, Failure> {
        let Some(Login { email, password }) = &self.session.login else { return Ok(false) };
        let body = json!({ "email": email.reveal(), "password": password.reveal() }).to_string().into_bytes();
        let request = Request::builder().method("POST").uri(self.url("/v1/auth/login"));
        let request = request.header("content-type", "application/json").body(());
        let request = request.map_err(|_| Failure::usage("the request cannot be written as HTTP"))?;
        let agent = self.agent.clone();
        let answered = blocking(move || once(&agent, request, Some(body))).await;
        let tokens: Tokens = answered.map_err(|error| self.away(&error))?.json()?;
        *self.session.token.lock().expect("no panic while the token is held") = tokens.access_token.into();
        Ok(true)
    }
}

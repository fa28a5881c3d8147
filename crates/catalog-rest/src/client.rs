//! Calls of the catalog: under which address, by whom, how long and how often.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use domain::random::{Random, backoff};
use serde::Serialize;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use ureq::http::Method;
use url::form_urlencoded::Serializer as Form;

use crate::access::Identity;
use crate::body::{self, Config};
use crate::error::{RestError, is_passing};
use crate::http::{Answer, Ask, Http};
use crate::options::RestOptions;

const JSON: &str = "application/json";
/// How often a question is asked that is not answered.
const TRIES: u32 = 5;
/// The wait behind the first try is at most this, behind a later one at most twice that of the one before.
const WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// A catalog that is spoken to.
pub(crate) struct Client {
    http: Http,
    identity: Identity,
    pub options: RestOptions,
    /// What the catalog's paths begin with, once it has said so.
    base: OnceCell<String>,
    pub random: Arc<dyn Random>,
}

impl Client {
    pub fn new(options: RestOptions, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let (http, identity) = (Http::new(options.tls.clone()), Identity::new(&options, clock));
        Self { http, identity, options, base: OnceCell::new(), random }
    }

    /// What it says of itself, asked anew.
    pub async fn config(&self) -> Result<(Config, Answer), RestError> {
        let mut url = format!("{}/v1/config", self.root());
        if !self.options.warehouse.is_empty() {
            url = format!(
                "{url}?{}",
                Form::new(String::new()).append_pair("warehouse", &self.options.warehouse).finish()
            );
        }
        let answer = self.ask(Method::GET, url, None).await?;
        Ok((body::read("config", &answer)?, answer))
    }

    /// Asks something; asked again while it may help, all within the deadline of an answer.
    pub async fn get(&self, path: &str) -> Result<Answer, RestError> {
        let url = self.url(path).await?;
        self.ask(Method::GET, url, None).await
    }

    /// Makes something that may be there already; tried again as a question is.
    pub async fn make(&self, path: &str, body: &impl Serialize) -> Result<Answer, RestError> {
        let url = self.url(path).await?;
        self.ask(Method::POST, url, Some(json(body)?)).await
    }

    /// One try of a change, with the deadline of a commit.
    pub async fn change(&self, path: &str, body: &impl Serialize) -> Result<Answer, RestError> {
        let url = self.url(path).await?;
        self.signed(Method::POST, url, Some(json(body)?), self.options.commit).await
    }

    /// Waits behind try `number`.
    pub async fn wait(&self, number: u32) {
        tokio::time::sleep(backoff(WAIT, LONGEST_WAIT, number, self.random.as_ref())).await;
    }

    fn root(&self) -> &str {
        self.options.uri.trim_end_matches('/')
    }

    async fn url(&self, path: &str) -> Result<String, RestError> {
        let base = self.base.get_or_try_init(|| async {
            let Config { defaults, mut overrides } = self.config().await?.0;
            let prefix = overrides.remove("prefix").or_else(|| defaults.get("prefix").cloned());
            let prefix = prefix.filter(|prefix| !prefix.is_empty()).map(|prefix| format!("/{prefix}"));
            Ok::<_, RestError>(format!("{}/v1{}", self.root(), prefix.unwrap_or_default()))
        });
        Ok(format!("{}/{path}", base.await?))
    }

    async fn ask(&self, method: Method, url: String, body: Option<Vec<u8>>) -> Result<Answer, RestError> {
        let deadline = self.options.answer;
        let tries = async {
            let mut number = 0;
            loop {
                let answer = self.signed(method.clone(), url.clone(), body.clone(), deadline).await;
                let again = match &answer {
                    Ok(answer) => is_passing(answer.status),
                    Err(error) => error.retryable(),
                };
                number += 1;
                if !again || number == TRIES {
                    return answer;
                }
                self.wait(number).await;
            }
        };
        let late = |_| Err(RestError::Away { why: format!("no answer within {} ms", deadline.as_millis()) });
        timeout(deadline, tries).await.unwrap_or_else(late)
    }

    /// One try, or two where the token was refused and another one may be had, or the clock it was signed by was wrong.
    async fn signed(
        &self,
        method: Method,
        url: String,
        body: Option<Vec<u8>>,
        deadline: Duration,
    ) -> Result<Answer, RestError> {
        let token = self.identity.token(&self.http, None).await?;
        let body = body.map(|bytes| (JSON, bytes));
        let mut ask = Ask { method, url, bearer: token.clone(), signature: Vec::new(), body };
        ask.signature = self.identity.sign(&ask).await?;
        let answer = self.http.send(ask.clone(), deadline).await?;
        if self.identity.was_our_clock(&answer) {
            ask.signature = self.identity.sign(&ask).await?;
            return self.http.send(ask, deadline).await;
        }
        if !matches!(answer.status, 401 | 419) || !self.identity.renews() {
            return Ok(answer);
        }
        let bearer = self.identity.token(&self.http, token.as_ref()).await?;
        self.http.send(Ask { bearer, ..ask }, deadline).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("uri", &self.options.uri).finish_non_exhaustive()
    }
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, RestError> {
    serde_json::to_vec(body).map_err(|error| body::garbled("a request", &error))
}

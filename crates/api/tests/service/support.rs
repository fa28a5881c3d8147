//! A service over twins in memory with a lake in a folder of its own, and clients that talk to it in process.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use api::address::Peer;
use api::password::{self, Password};
use api::{App, Keys, Options, Ports};
use artifacts::MemoryArtifacts;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use domain::clock::ManualClock;
use domain::ids::{Slug, TokenId, UserId};
use domain::people::{Email, Role, Scope, UserState};
use domain::random::{Generator, Random};
use domain::time::Micros;
use lake::{Lake, LakeOptions};
use queue::{MemoryLimiter, MemoryQueue};
use serde_json::{Value, json};
use stores::memory::{MemoryAccounts, MemoryAudit, MemoryDirectory, MemoryJobs};
use stores::{Accounts as _, Directory as _, OrganisationToken};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// Of every user.
pub const PASSWORD: &str = "correct horse battery staple";
/// 2026-02-01 00:00:00 UTC.
pub const NOW: Micros = Micros(1_769_904_000_000_000);

/// One service and what stands behind it.
pub struct World {
    pub app: Arc<App>,
    pub clock: Arc<ManualClock>,
    pub random: Arc<dyn Random>,
    pub directory: Arc<MemoryDirectory>,
    pub accounts: Arc<MemoryAccounts>,
    pub audit: Arc<MemoryAudit>,
    /// Holds `keys` and `lake`.
    pub folder: TempDir,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The tokens of somebody who signed in.
#[derive(Clone)]
pub struct Session {
    pub access: String,
    pub refresh: String,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        Self::seeded(options, 1).await
    }

    pub async fn seeded(options: Options, seed: u64) -> Self {
        Self::built(options, seed, |_| {}).await
    }

    /// The same with other ports.
    pub async fn built(options: Options, seed: u64, change: impl FnOnce(&mut Ports)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let random: Arc<dyn Random> = Arc::new(Generator::<rand_chacha::ChaCha20Rng>::seeded(seed));
        let (directory, accounts) =
            (Arc::new(MemoryDirectory::new(clock.clone())), Arc::new(MemoryAccounts::new(clock.clone())));
        let data = folder.path().join("lake");
        let lake = Lake::open(data, LakeOptions::default(), clock.clone(), Arc::clone(&random)).await.unwrap();
        let audit = Arc::new(MemoryAudit::default());
        let mut ports = Ports {
            jobs: Arc::new(MemoryJobs::new(clock.clone(), options.limits.clone())),
            directory: directory.clone(),
            accounts: accounts.clone(),
            memberships: directory.clone(),
            audit: audit.clone(),
            queue: Arc::new(MemoryQueue::default()),
            limiter: Arc::new(MemoryLimiter::new(clock.clone())),
            artifacts: Arc::new(MemoryArtifacts::default()),
            lake: Arc::new(lake),
            clock: clock.clone(),
            random: Arc::clone(&random),
        };
        change(&mut ports);
        let keys = Keys::open(&folder.path().join("keys"), clock.clone(), Arc::clone(&random)).unwrap();
        let app = App::new(ports, keys, options);
        let router = api::router(Arc::clone(&app));
        Self { app, clock, random, directory, accounts, audit, folder, router }
    }

    /// Moves the clock on.
    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub async fn organisation(&self, slug: &str) -> Slug {
        let slug: Slug = slug.parse().unwrap();
        self.directory.create_organisation(&slug).await.unwrap();
        slug
    }

    /// A user who can sign in with [`PASSWORD`].
    pub async fn user(&self, email: &str) -> UserId {
        static HASH: OnceLock<String> = OnceLock::new();
        let hash = HASH.get_or_init(|| password::hash(&PASSWORD.parse::<Password>().unwrap(), [7; 16]));
        let mut key = [0; 32];
        self.random.fill(&mut key);
        let id = UserId::new(NOW, self.random.as_ref());
        let id = self.directory.begin_user(id, &key).await.unwrap();
        self.accounts.create_account(id, &email.parse::<Email>().unwrap(), hash).await.unwrap();
        assert!(self.directory.set_user_state(id, &[UserState::Creating], UserState::Active).await.unwrap());
        id
    }

    pub async fn member(&self, organisation: &Slug, user: UserId, role: Role) {
        self.directory.put_member(organisation, user, role).await.unwrap();
    }

    /// A token of an organisation's program; with no scopes it is good for nothing.
    pub async fn organisation_token(&self, organisation: &Slug, scopes: &[Scope]) -> String {
        let mut secret = [0; 32];
        self.random.fill(&mut secret);
        let id = TokenId::new(NOW, self.random.as_ref());
        let token = OrganisationToken {
            id,
            organisation: organisation.clone(),
            scopes: scopes.iter().copied().collect(),
            secret_sha256: api::tokens::organisation::secret_sha256(&secret),
            created_at: NOW,
        };
        assert!(self.directory.create_token(&token).await.unwrap());
        api::tokens::organisation::text(id, &secret)
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// A request without a body.
    pub async fn call(&self, method: Method, path: &str, token: Option<&str>) -> Answer {
        self.send(request(method, path, token, Body::empty())).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, Some(token)).await
    }

    /// A request with a JSON body.
    pub async fn json(&self, method: Method, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let mut request = request(method, path, token, Body::from(body.to_string()));
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        self.send(request).await
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, Some(token), body).await
    }

    /// An attempt to sign in over a connection from `peer`, whose proxy says `forwarded`.
    pub async fn login(&self, peer: &str, forwarded: Option<&str>, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password }).to_string();
        let mut request = request(Method::POST, "/v1/auth/login", None, Body::from(body));
        request.extensions_mut().insert(Peer(peer.parse::<IpAddr>().unwrap()));
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        if let Some(forwarded) = forwarded {
            request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        }
        self.send(request).await
    }

    pub async fn sign_in(&self, email: &str) -> Session {
        let answer = self.login("127.0.0.1", None, email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.session()
    }
}

pub fn request(method: Method, path: &str, token: Option<&str>, body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(body).unwrap()
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn session(&self) -> Session {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Session { access: text("access_token"), refresh: text("refresh_token") }
    }

    /// Fails unless this is a whole problem document of the status and the code.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!((body["status"].as_u64(), body["code"].as_str()), (Some(status.into()), Some(code)), "{self:?}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"));
        assert_eq!(body["type"], format!("http://127.0.0.1:8470/docs/errors/{code}"));
    }

    /// All of it but what differs between any two requests.
    pub fn alike(&self) -> (StatusCode, Vec<(String, Vec<u8>)>, String) {
        let skipped = ["x-request-id", "date"];
        let headers = self.headers.iter().filter(|(name, _)| !skipped.contains(&name.as_str()));
        let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        let id = self.header("x-request-id").unwrap();
        (self.status, headers, String::from_utf8_lossy(&self.body).replace(id, "ID"))
    }
}

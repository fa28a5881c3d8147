//! The service around a system in a box: two organisations, four people, requests in process.

use std::sync::Arc;

use api::{App, Keys, Options, Ports, router};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use bytes::Bytes;
use domain::export::Export;
use domain::ids::{Slug, UserId};
use domain::limits::Limits;
use domain::owner::Owner;
use domain::people::{Role, UserState};
use domain::random::{Generator, Random};
use futures::StreamExt as _;
use queue::MemoryLimiter;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use stores::memory::{MemoryAccounts, MemoryAudit, MemoryDirectory};
use stores::{Accounts, Audit, Directory, Jobs};
use tempfile::TempDir;
use testkit::{Messages, Settings, System};
use tower::ServiceExt as _;

/// Where the service says it is.
pub const PUBLIC_URL: &str = "https://export.example.org";

/// One installation with people.
pub struct World {
    /// Lake, artifacts, job store, queue, clock, workers.
    pub system: System,
    /// Who belongs where, and memberships.
    pub directory: Arc<MemoryDirectory>,
    /// What was remembered.
    pub audit: Arc<MemoryAudit>,
    /// The service.
    pub app: Arc<App>,
    /// An admin of `acme`.
    pub u1: UserId,
    /// A member of `acme`.
    pub u2: UserId,
    /// An admin of `other`.
    pub u3: UserId,
    router: Router,
    _keys: TempDir,
}

/// What came back, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(&name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    /// The code of a problem document of this status.
    pub fn problem(&self, status: u16) -> String {
        assert_eq!((self.status.as_u16(), self.header(header::CONTENT_TYPE)), (status, "application/problem+json"));
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The fields that are at fault.
    pub fn fields(&self) -> Vec<String> {
        assert_eq!(self.problem(422), "invalid_request");
        let errors = self.json()["errors"].clone();
        errors.as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}

impl World {
    /// Whose clock stands still until it is moved.
    pub async fn standing() -> Self {
        Self::with(Settings { clock_stands: true, ..Settings::default() }).await
    }

    pub async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        Self::with(Settings::default().limits(change)).await
    }

    pub async fn with(settings: Settings) -> Self {
        let limits = settings.limits.clone();
        let system = System::with(settings).await;
        let clock: Arc<dyn domain::clock::Clock> = system.clock.clone();
        let random: Arc<dyn Random> = Arc::new(Generator::<ChaCha8Rng>::seeded(7));
        let directory = system.directory.clone();
        let accounts = Arc::new(MemoryAccounts::new(clock.clone()));
        let audit = Arc::new(MemoryAudit::default());
        let [u1, u2, u3] = people(&directory, &accounts, random.as_ref(), &system).await;
        let keys = tempfile::tempdir().unwrap();
        let opened = Keys::open(&keys.path().join("keys"), clock.clone(), random.clone()).unwrap();
        let ports = Ports {
            jobs: system.jobs.clone(),
            directory: directory.clone(),
            accounts,
            memberships: directory.clone(),
            audit: audit.clone(),
            queue: Arc::new(system.queue.clone()),
            limiter: Arc::new(MemoryLimiter::new(clock.clone())),
            artifacts: system.artifacts.clone(),
            lake: system.lake.clone(),
            clock,
            random,
        };
        let options = Options { public_url: PUBLIC_URL.to_owned(), limits, ..Options::default() };
        let app = App::new(ports, opened, options);
        Self { router: router(app.clone()), system, directory, audit, app, u1, u2, u3, _keys: keys }
    }

    /// Ends a test: cancels what still waits or runs, lets a worker do what is due, and looks for leftovers.
    pub async fn over(&self) {
        self.over_for(&[]).await;
    }

    /// The same, where other owners than the usual ones have exports, too.
    pub async fn over_for(&self, others: &[Owner]) {
        let users = [self.u1, self.u2, self.u3].map(Owner::User);
        let mut exports = Vec::new();
        for owner in users.iter().chain([&acme()]).chain(others) {
            self.system.watch(owner);
            for export in self.system.jobs.unsettled(owner).await.unwrap() {
                self.system.jobs.cancel(owner, export.id).await.unwrap();
            }
            exports.extend(self.system.jobs.list(owner, None, 100).await.unwrap());
        }
        let crew = self.system.workers(1).await;
        for export in exports {
            self.app.ports.queue.push(queue::Wake::of(export.owner.clone())).await.unwrap();
            let (clock, limits) = (&self.system.clock, self.system.limits());
            let is_over = |export: &Export| {
                let due_at = export.due_at(limits);
                export.state.is_settled() && due_at.is_none_or(|at| at > domain::clock::Clock::now(clock.as_ref()))
            };
            self.system.until(&export, "nothing to do", is_over).await;
        }
        crew.stop().await;
        self.system.assert_nothing_left().await;
    }

    /// An access token issued now.
    pub fn token(&self, user: UserId) -> String {
        api::tokens::access::issue(&self.app, user, &[]).unwrap()
    }

    /// Sends a request; the body of the answer is left to be read.
    pub async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn answer(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.send(request).await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub fn request(&self, method: &str, path: &str, user: UserId) -> axum::http::request::Builder {
        let token = format!("Bearer {}", self.token(user));
        Request::builder().method(method).uri(path).header(header::AUTHORIZATION, token)
    }

    pub async fn get(&self, user: UserId, path: &str) -> Answer {
        self.answer(self.request("GET", path, user).body(Body::empty()).unwrap()).await
    }

    pub async fn delete(&self, user: UserId, path: &str) -> Answer {
        self.answer(self.request("DELETE", path, user).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, user: UserId, path: &str, body: &Value) -> Answer {
        self.post_with(user, path, body, &[]).await
    }

    pub async fn post_with(&self, user: UserId, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let request = self.request("POST", path, user).header(header::CONTENT_TYPE, "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.answer(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Takes 300 messages of ten days from 2024-01-01 on into `acme`.
    pub async fn some_messages(&self) {
        let messages = Messages { seed: 3, count: 300, from: "2024-01-01".parse().unwrap(), days: 10 };
        self.system.ingest_generated("acme", messages).await;
    }

    /// Asks for an export of those days as U1, and returns its path.
    pub async fn ask(&self, more: Value) -> String {
        let answer = self.post(self.u1, EXPORTS, &january(more)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        answer.header(header::LOCATION).to_owned()
    }

    /// Lets workers bring an export to its end; returns it as the API shows it.
    pub async fn finish(&self, path: &str) -> Value {
        let crew = self.system.workers(1).await;
        self.system.until(&self.stored(path).await, "its end", |export| export.state.is_settled()).await;
        crew.stop().await;
        self.get(self.u1, path).await.json()
    }

    /// The export of a path, from the job store.
    pub async fn stored(&self, path: &str) -> Export {
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        self.system.jobs.get(&acme(), id).await.unwrap().unwrap()
    }

    /// The path of a fresh link, below the public address.
    pub async fn link(&self, user: UserId, export: &str, body: Value) -> String {
        let answer = self.post(user, &format!("{export}/links"), &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let url = answer.json()["url"].as_str().unwrap().to_owned();
        url.strip_prefix(PUBLIC_URL).expect("the configured address").to_owned()
    }

    /// Follows a link, with these headers.
    pub async fn follow(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.answer(following("GET", path, headers)).await
    }

    /// Names of the actions remembered of an owner, the oldest first.
    pub async fn remembered(&self, owner: &Owner) -> Vec<&'static str> {
        let events = self.audit.events(owner, None, 100).await.unwrap();
        events.iter().rev().map(|event| event.action.name()).collect()
    }
}

pub const EXPORTS: &str = "/v1/organisations/acme/exports";

pub fn acme() -> Owner {
    Owner::Organisation("acme".parse().unwrap())
}

/// A request for the days of the messages, with other fields set.
pub fn january(more: Value) -> Value {
    let mut body = json!({"dataset": "messages", "from": "2024-01-01", "to": "2024-01-31"});
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    body
}

pub fn following(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Body::empty()).unwrap()
}

/// Reads a body to its end or to the error that cuts it.
pub async fn drain(body: Body) -> (u64, bool) {
    let (mut stream, mut bytes) = (body.into_data_stream(), 0);
    while let Some(block) = stream.next().await {
        match block {
            Ok(block) => bytes += block.len() as u64,
            Err(_) => return (bytes, false),
        }
    }
    (bytes, true)
}

async fn people(
    directory: &MemoryDirectory,
    accounts: &MemoryAccounts,
    random: &dyn Random,
    system: &System,
) -> [UserId; 3] {
    let (acme, other): (Slug, Slug) = ("acme".parse().unwrap(), "other".parse().unwrap());
    for slug in [&acme, &other] {
        directory.create_organisation(slug).await.unwrap();
    }
    let mut users = Vec::new();
    for (number, (slug, role)) in
        [(&acme, Role::Admin), (&acme, Role::Member), (&other, Role::Admin)].iter().enumerate()
    {
        let now = domain::clock::Clock::now(system.clock.as_ref());
        let user = directory.begin_user(UserId::new(now, random), &[number as u8; 32]).await.unwrap();
        let email = format!("u{}@example.org", number + 1).parse().unwrap();
        accounts.create_account(user, &email, "x").await.unwrap();
        assert!(directory.set_user_state(user, &[UserState::Creating], UserState::Active).await.unwrap());
        directory.put_member(slug, user, *role).await.unwrap();
        users.push(user);
    }
    users.try_into().unwrap()
}

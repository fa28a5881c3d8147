//! Two organisations with every kind of caller, exports of theirs, and a request for each line of the table.

use std::time::Duration;

use api::password::{self, Password};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use domain::ids::{ExportId, Slug, TokenId, UserId};
use domain::owner::Owner;
use domain::people::{Role, Scope, UserState};
use serde_json::{Value, json};
use stores::{Directory as _, OrganisationToken};
use uuid::Uuid;

use super::table::Row;
use crate::support::{Answer, EXPORTS, World, january};

const PASSWORD: &str = "correct horse battery";

/// What is put into the paths of the table.
#[derive(Clone)]
pub struct Ids {
    pub org: String,
    /// An export of the organisation.
    pub export: String,
    /// An export of a person's own.
    pub my_export: String,
    pub user: UserId,
    pub link: String,
}

/// A world in which every kind of caller is there.
pub struct Stage {
    pub world: World,
    pub acme: Slug,
    /// A member of `acme` who may be changed.
    pub leaver: UserId,
    own: Ids,
    foreign: Ids,
    other_member: UserId,
    removed: UserId,
    disabled: UserId,
    expired: String,
    refresh: String,
    program: String,
    other_program: String,
    to_delete: UserId,
    export_to_delete: String,
    my_export_to_delete: String,
}

impl Stage {
    pub async fn new() -> Self {
        let world = World::limited(|limits| {
            limits.login_attempts_per_account = 1000;
            limits.login_attempts_per_address = 1000;
        })
        .await;
        world.some_messages().await;
        let export = world.ask(json!({})).await;
        assert_eq!(world.finish(&export).await["state"], "succeeded");
        let [acme, other]: [Slug; 2] = ["acme", "other"].map(|slug| slug.parse().unwrap());
        let expired = world.token(world.u1);
        world.system.clock.advance(Duration::from_secs(world.app.limits().access_token_seconds + 6));
        let own = Ids {
            org: acme.to_string(),
            export: last(&export),
            my_export: asked(&world, world.u1, "/v1/me/exports", &json!({"dataset": "memberships"})).await,
            user: person(&world, "spare", &acme, Role::Member).await,
            link: String::new(),
        };
        let foreign = Ids {
            org: other.to_string(),
            export: asked(&world, world.u3, "/v1/organisations/other/exports", &january(json!({}))).await,
            my_export: asked(&world, world.u2, "/v1/me/exports", &json!({"dataset": "memberships"})).await,
            user: world.u3,
            link: String::new(),
        };
        let removed = person(&world, "removed", &acme, Role::Admin).await;
        world.directory.remove_member(&acme, removed).await.unwrap();
        let disabled = person(&world, "disabled", &acme, Role::Admin).await;
        assert!(world.directory.set_user_state(disabled, &[UserState::Active], UserState::Disabled).await.unwrap());
        person(&world, "second-admin", &acme, Role::Admin).await;
        Self {
            leaver: person(&world, "leaver", &acme, Role::Member).await,
            other_member: person(&world, "other-member", &other, Role::Member).await,
            to_delete: person(&world, "to-delete", &acme, Role::Member).await,
            export_to_delete: last(&world.ask(json!({})).await),
            my_export_to_delete: asked(&world, world.u1, "/v1/me/exports", &json!({"dataset": "memberships"})).await,
            refresh: refresh_token(&world, "second-admin@example.org").await,
            program: program(&world, &acme).await,
            other_program: program(&world, &other).await,
            own,
            foreign,
            removed,
            disabled,
            expired,
            acme,
            world,
        }
    }

    /// Ends a test.
    pub async fn over(&self) {
        let other = Owner::Organisation(self.foreign.org.parse().unwrap());
        let users = [self.other_member, self.removed].map(Owner::User);
        self.world.over_for(&[&[other], &users[..]].concat()).await;
    }

    /// What a caller of the table brings along.
    pub fn token(&self, who: &str) -> Option<String> {
        Some(match who {
            "anonymous" => return None,
            "admin" => self.world.token(self.world.u1),
            "member" => self.world.token(self.world.u2),
            "other_admin" => self.world.token(self.world.u3),
            "other_member" => self.world.token(self.other_member),
            "removed" => self.world.token(self.removed),
            "disabled" => self.world.token(self.disabled),
            "expired" => self.expired.clone(),
            "refresh" => self.refresh.clone(),
            "program" => self.program.clone(),
            "other_program" => self.other_program.clone(),
            _ => panic!("{who} is no caller of the table"),
        })
    }

    /// What `acme` and its admin have; what a line removes is nothing that another one needs.
    pub async fn own(&self, row: &Row) -> Ids {
        let mut ids = self.own.clone();
        if row.method == "DELETE" {
            (ids.user, ids.export) = (self.to_delete, self.export_to_delete.clone());
            ids.my_export = self.my_export_to_delete.clone();
        }
        if row.path.contains("{token}") {
            ids.link = last(&self.link(self.world.u1).await);
        }
        ids
    }

    /// What `other` and another person have.
    pub fn foreign(&self) -> Ids {
        self.foreign.clone()
    }

    /// The path of a fresh link of this user to the file of `acme`.
    pub async fn link(&self, user: UserId) -> String {
        self.world.link(user, &format!("{EXPORTS}/{}", self.own.export), json!({})).await
    }

    /// A good request of this line, of whoever has the token.
    pub async fn ask(&self, row: &Row, ids: &Ids, token: Option<&str>) -> Answer {
        let export = if row.path.starts_with("/v1/me/") { &ids.my_export } else { &ids.export };
        let path = row.path.replace("{org}", &ids.org).replace("{id}", export);
        let path = path.replace("{user}", &ids.user.to_string()).replace("{token}", &ids.link);
        let mut request = Request::builder().method(row.method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let (kind, body) = body(row);
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.world.answer(request.body(Body::from(body)).unwrap()).await
    }
}

impl Ids {
    /// What nobody has.
    pub fn unknown() -> Self {
        let id = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
        let text = ExportId(id).to_string();
        Self { org: "nobody".to_owned(), export: text.clone(), my_export: text, user: UserId(id), link: String::new() }
    }
}

/// A body with which the request of a line is good, and its type.
fn body(row: &Row) -> (Option<&'static str>, String) {
    let json = |body: Value| (Some("application/json"), body.to_string());
    match (row.method, row.path) {
        ("POST", "/v1/organisations/{org}/messages") => {
            let message = json!({"message_id": "m", "sent_at": "2024-01-01T00:00:00Z", "text": "Hello"});
            (Some("application/x-ndjson"), message.to_string())
        }
        ("POST", path) if path.ends_with("/retry") => (None, String::new()),
        ("POST", path) if path.ends_with("/links") => json(json!({})),
        ("POST", path) if path.starts_with("/v1/organisations/{org}/exports") => json(january(json!({}))),
        ("POST", path) if path.starts_with("/v1/me/exports") => json(json!({"dataset": "memberships"})),
        ("POST", "/v1/organisations/{org}/members") => json(json!({"email": "spare@example.org", "role": "member"})),
        ("PATCH", "/v1/organisations/{org}/members/{user}") => json(json!({"role": "member"})),
        ("POST", "/v1/auth/login") => json(json!({"email": "nobody@example.org", "password": PASSWORD})),
        ("POST", "/v1/auth/refresh" | "/v1/auth/logout") => json(json!({"refresh_token": "ohr_x"})),
        ("GET" | "DELETE", _) => (None, String::new()),
        _ => panic!("no body is known for {row}"),
    }
}

/// The last part of a path.
fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

async fn asked(world: &World, user: UserId, path: &str, body: &Value) -> String {
    let answer = world.post(user, path, body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    last(answer.header(header::LOCATION))
}

/// An active user, with [`PASSWORD`], who belongs to an organisation.
async fn person(world: &World, name: &str, organisation: &Slug, role: Role) -> UserId {
    let ports = &world.app.ports;
    let mut key = [0; 32];
    ports.random.fill(&mut key);
    let user = UserId::new(world.app.now(), ports.random.as_ref());
    let user = ports.directory.begin_user(user, &key).await.unwrap();
    let hash = password::hash(&PASSWORD.parse::<Password>().unwrap(), [7; 16]);
    ports.accounts.create_account(user, &format!("{name}@example.org").parse().unwrap(), &hash).await.unwrap();
    assert!(ports.directory.set_user_state(user, &[UserState::Creating], UserState::Active).await.unwrap());
    ports.directory.put_member(organisation, user, role).await.unwrap();
    user
}

/// The refresh token of somebody who signs in.
async fn refresh_token(world: &World, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD}).to_string();
    let request = Request::builder().method("POST").uri("/v1/auth/login").header("content-type", "application/json");
    let answer = world.answer(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

/// The token of a program of an organisation, which may bring messages in.
async fn program(world: &World, organisation: &Slug) -> String {
    let ports = &world.app.ports;
    let mut secret = [0; 32];
    ports.random.fill(&mut secret);
    let id = TokenId::new(world.app.now(), ports.random.as_ref());
    let token = OrganisationToken {
        id,
        organisation: organisation.clone(),
        scopes: [Scope::MessagesWrite].into_iter().collect(),
        secret_sha256: api::tokens::organisation::secret_sha256(&secret),
        created_at: world.app.now(),
    };
    assert!(ports.directory.create_token(&token).await.unwrap());
    api::tokens::organisation::text(id, &secret)
}

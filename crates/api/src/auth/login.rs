//! `POST /v1/auth/login`: address and password for tokens.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{FromRequest as _, Json};
use axum::extract::{Request, State};
use domain::audit::{Action, Actor};
use domain::ids::{FamilyId, UserId};
use domain::owner::Owner;
use domain::people::{Email, UserState};
use domain::refresh::Family;
use serde::Deserialize;
use utoipa::ToSchema;

use super::limits;
use super::pair::{Pair, pair};
use crate::App;
use crate::address::{self, Peer};
use crate::body::JsonBody;
use crate::problem::{Code, Problem};
use crate::tokens::refresh::RefreshToken;

/// Who wants to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    #[schema(example = "u1@example.org", max_length = 254)]
    email: String,
    #[schema(example = "correct horse battery staple", format = Password)]
    password: String,
}

#[utoipa::path(post, path = "/v1/auth/login", operation_id = "login", tag = "auth", security(()),
    summary = "Sign in", request_body = Login,
    responses((status = 200, description = "Tokens", body = Pair),
        (status = 401, description = "Address or password is wrong"),
        (status = 429, description = "Too many attempts at this account or from this address")))]
pub(super) async fn login(State(app): State<Arc<App>>, request: Request) -> Result<Json<Pair>, Problem> {
    let from = sender(&app, &request);
    let JsonBody(login) = JsonBody::<Login>::from_request(request, &app).await?;
    let email: Email =
        login.email.parse().map_err(|error: domain::people::PeopleError| Problem::field("email", error.to_string()))?;
    limits::count(&app, from, &email).await?;
    let user = check(&app, &email, login.password).await?.ok_or(Problem::new(Code::LoginFailed))?;
    let (family, token) = begin(&app, user);
    // Removed between the look and now.
    if !app.ports.accounts.begin_family(&family).await? {
        return Err(Problem::new(Code::LoginFailed));
    }
    app.remember(Actor::User(user), Owner::User(user), Action::SignedIn, user.to_string()).await?;
    pair(&app, user, &token, family.expires_at).await.map(Json)
}

/// The user, if the password is theirs and they are active. Whoever they are, one password is compared, so neither the
/// answer nor its time says whether there is such an account.
async fn check(app: &App, email: &Email, password: String) -> Result<Option<UserId>, Problem> {
    let account = app.ports.accounts.account_of(email).await?;
    let user = match &account {
        Some(account) => app.ports.directory.user(account.id).await?,
        // The same reads for nobody.
        None => app.ports.directory.user(UserId(uuid::Uuid::nil())).await?,
    };
    let matches = app.hasher.matches(password, account.map(|account| account.password_hash)).await;
    Ok(user.filter(|user| matches && user.state == UserState::Active).map(|user| user.id))
}

/// A new family and its first token.
fn begin(app: &App, user: UserId) -> (Family, RefreshToken) {
    let now = app.now();
    let id = FamilyId::new(now, app.ports.random.as_ref());
    let mut secret = [0; 32];
    app.ports.random.fill(&mut secret);
    let token = RefreshToken { family: id, generation: 0, secret };
    let family = Family {
        id,
        user,
        generation: 0,
        secret_sha256: token.secret_sha256(),
        rotation: None,
        began_at: now,
        expires_at: now.plus_seconds(app.limits().refresh_token_seconds),
    };
    (family, token)
}

fn sender(app: &App, request: &Request) -> IpAddr {
    // Without a connection there is only the process itself.
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
    address::client(peer, request.headers(), &app.options.trusted_proxies)
}

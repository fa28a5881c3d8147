//! `POST /v1/auth/refresh`: the next pair of tokens, once for each refresh token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::audit::{Action, Actor};
use domain::owner::Owner;
use domain::people::UserState;
use domain::refresh::{Family, Verdict};
use serde::Deserialize;
use utoipa::ToSchema;

use super::pair::{Pair, pair};
use crate::App;
use crate::body::JsonBody;
use crate::problem::{Code, Problem};
use crate::tokens::refresh::{Nonce, RefreshToken};

/// How often a refresh looks again after others were quicker; each time one of them has succeeded.
const ROUNDS: u32 = 4;

/// A refresh token to be used.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    #[schema(example = "ohr_AZ...")]
    refresh_token: String,
    /// 32 hex digits of the client's own, new for each refresh. When the answer is lost, the same call with the same
    /// nonce within a minute gets the same tokens; without one, it would end the login.
    #[schema(pattern = "^[0-9a-f]{32}$", example = "6f1ed002ab5595859014ebf0951522d9")]
    nonce: Option<String>,
}

#[utoipa::path(post, path = "/v1/auth/refresh", operation_id = "refresh", tag = "auth", security(()),
    summary = "Get the next tokens", request_body = Refresh,
    responses((status = 200, description = "Tokens; the one that was sent is used up", body = Pair),
        (status = 401, description = "The token is not valid, or was used before; sign in again")))]
pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<Refresh>,
) -> Result<Json<Pair>, Problem> {
    let nonce = body.nonce.as_deref().map(parse_nonce).transpose()?;
    let token = RefreshToken::parse(&body.refresh_token).ok_or(Problem::new(Code::RefreshFailed))?;
    let (family, next) = exchange(&app, &token, nonce.as_ref()).await?;
    pair(&app, family.user, &next, family.expires_at).await.map(Json)
}

/// The family and the token that follows `token`, as the domain judges.
async fn exchange(app: &App, token: &RefreshToken, nonce: Option<&Nonce>) -> Result<(Family, RefreshToken), Problem> {
    let presented = token.presented(nonce);
    for _ in 0..ROUNDS {
        let failed = || Problem::new(Code::RefreshFailed);
        let family = app.ports.accounts.family(token.family).await?.ok_or_else(failed)?;
        match family.judge(&presented, app.now()) {
            Verdict::Rotate => {
                still_active(app, &family).await?;
                let next = follow(app, token, &family, nonce);
                let rotated = family.rotated(&presented, next.secret_sha256(), app.now());
                if app.ports.accounts.rotate_family(family.generation, &rotated).await? {
                    return Ok((rotated, next));
                }
            }
            Verdict::Repeat => {
                still_active(app, &family).await?;
                let next = follow(app, token, &family, nonce);
                return Ok((family, next));
            }
            Verdict::Reuse => {
                end(app, &family).await?;
                return Err(failed());
            }
            Verdict::Unknown | Verdict::Expired => return Err(failed()),
        }
    }
    // Each round somebody else rotated, so this token is an old one by now.
    Err(Problem::unavailable())
}

/// Without a nonce nobody can ask for the same again, so a nonce of chance serves.
fn follow(app: &App, token: &RefreshToken, family: &Family, nonce: Option<&Nonce>) -> RefreshToken {
    let mut chance = Nonce::default();
    app.ports.random.fill(&mut chance);
    token.successor(family, nonce.unwrap_or(&chance), &app.keys)
}

async fn still_active(app: &App, family: &Family) -> Result<(), Problem> {
    let user = app.ports.directory.user(family.user).await?;
    if user.is_some_and(|user| user.state == UserState::Active) {
        return Ok(());
    }
    app.ports.accounts.end_family(family.id).await?;
    Err(Problem::new(Code::RefreshFailed))
}

async fn end(app: &App, family: &Family) -> Result<(), Problem> {
    app.ports.accounts.end_family(family.id).await?;
    tracing::warn!(family = %family.id, "a refresh token was used twice");
    let user = family.user;
    app.remember(Actor::User(user), Owner::User(user), Action::RefreshReused, family.id.to_string()).await?;
    Ok(())
}

fn parse_nonce(text: &str) -> Result<Nonce, Problem> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let number = Some(text).filter(|text| text.len() == 32 && text.bytes().all(digit));
    let number = number.and_then(|text| u128::from_str_radix(text, 16).ok());
    number.map(u128::to_be_bytes).ok_or_else(|| Problem::field("nonce", "must be 32 hex digits in lower case"))
}

//! What signing in and refreshing answer: an access token and the refresh token that follows.

use domain::ids::UserId;
use domain::time::Micros;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::problem::{Problem, hidden};
use crate::tokens::access;
use crate::tokens::refresh::RefreshToken;

/// Tokens of one who signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(super) struct Pair {
    /// A JWT; send it as `Authorization: Bearer ...`.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Life of the access token (seconds).
    #[schema(example = 300)]
    expires_in: u64,
    /// Good for one refresh; the answer to it brings the next one.
    #[schema(example = "ohr_AZ...")]
    refresh_token: String,
    /// What is left until one has to sign in again (seconds).
    #[schema(example = 2_592_000)]
    refresh_expires_in: u64,
}

/// Issues an access token beside `token`, whose family ends at `expires_at`.
pub(super) async fn pair(app: &App, user: UserId, token: &RefreshToken, expires_at: Micros) -> Result<Pair, Problem> {
    let organisations = app.ports.directory.organisations_of(user, access::ORGANISATIONS_LIMIT).await?;
    let access_token = access::issue(app, user, &organisations).map_err(|error| hidden(&error, false))?;
    let left = expires_at.0.saturating_sub(app.now().0) / 1_000_000;
    Ok(Pair {
        access_token,
        token_type: "Bearer",
        expires_in: app.limits().access_token_seconds,
        refresh_token: token.text(),
        refresh_expires_in: u64::try_from(left).unwrap_or(0),
    })
}

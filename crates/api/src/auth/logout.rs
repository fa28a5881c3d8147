//! `POST /v1/auth/logout`: the login ends, with all tokens that follow from it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::refresh::Verdict;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::tokens::refresh::RefreshToken;

/// A refresh token of the login to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Logout {
    #[schema(example = "ohr_AZ...")]
    refresh_token: String,
}

#[utoipa::path(post, path = "/v1/auth/logout", operation_id = "logout", tag = "auth", security(()),
    summary = "Sign out", request_body = Logout,
    responses((status = 204, description = "The refresh token is good for nothing, if it ever was")))]
pub(super) async fn logout(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<Logout>,
) -> Result<StatusCode, Problem> {
    // Whatever was sent, the answer is the same: afterwards it is no token.
    let Some(token) = RefreshToken::parse(&body.refresh_token) else { return Ok(StatusCode::NO_CONTENT) };
    if let Some(family) = app.ports.accounts.family(token.family).await? {
        let verdict = family.judge(&token.presented(None), app.now());
        // An old token of the family ends it too; one that somebody made up does not.
        if !matches!(verdict, Verdict::Unknown) {
            app.ports.accounts.end_family(family.id).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

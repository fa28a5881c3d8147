//! `GET /v1/me`: who one is and where one belongs, at this moment.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::SignedIn;
use crate::problem::{Code, Problem, hidden};

/// Most organisations that are listed; nobody belongs to more.
const ORGANISATIONS_LIMIT: u32 = 1_000;

/// Whoever is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    id: Uuid,
    #[schema(example = "u1@example.org")]
    email: String,
    /// By slug, at most 1,000.
    organisations: Vec<Place>,
    /// What the account holds beside; may grow.
    #[schema(value_type = Object)]
    profile: serde_json::Value,
}

/// A place in an organisation.
#[derive(Serialize, ToSchema)]
pub(super) struct Place {
    #[schema(example = "o1")]
    slug: String,
    #[schema(example = "member")]
    role: &'static str,
}

#[utoipa::path(get, path = "/v1/me", operation_id = "me", tag = "me", security(("access_token" = [])),
    summary = "Who I am",
    responses((status = 200, description = "Whoever is signed in", body = Me)))]
pub(super) async fn whoami(State(app): State<Arc<App>>, caller: SignedIn) -> Result<Json<Me>, Problem> {
    let account = app.ports.accounts.account(caller.user).await?.ok_or(Problem::new(Code::Unauthenticated))?;
    let places = app.ports.directory.organisations_of(caller.user, ORGANISATIONS_LIMIT).await?;
    let profile = serde_json::from_str(&account.profile).map_err(|error| hidden(&error, false))?;
    Ok(Json(Me {
        id: caller.user.0,
        email: account.email.to_string(),
        organisations: places
            .into_iter()
            .map(|(slug, role)| Place { slug: slug.to_string(), role: role.name() })
            .collect(),
        profile,
    }))
}

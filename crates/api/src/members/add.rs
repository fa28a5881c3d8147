//! `POST /v1/organisations/{org}/members`: somebody with an account belongs to it from now on.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::audit::Action;
use domain::people::{Email, PeopleError, Role};
use serde::Deserialize;
use stores::MemberChange;
use utoipa::ToSchema;

use super::view::{MemberView, find};
use crate::body::JsonBody;
use crate::problem::{Code, Problem};
use crate::{AdminOf, App};

/// Whom to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMember {
    #[schema(example = "u2@example.org", max_length = 254)]
    email: String,
    /// `member` or `admin`.
    #[schema(pattern = "^(admin|member)$", example = "member")]
    role: String,
}

#[utoipa::path(post, path = "/v1/organisations/{org}/members", operation_id = "add_member", tag = "members",
    summary = "Add a member, or set their role", security(("access_token" = [])), request_body = NewMember,
    params(("org" = String, Path, description = "The organisation.")),
    responses((status = 200, description = "The member as they are now", body = MemberView),
        (status = 403, description = "Only an admin may do this"),
        (status = 409, description = "The organisation would be left without an admin")))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    AdminOf(admin): AdminOf,
    JsonBody(body): JsonBody<NewMember>,
) -> Result<Json<MemberView>, Problem> {
    let email: Email = body.email.parse().map_err(|error: PeopleError| Problem::field("email", error.to_string()))?;
    let role = parse_role(&body.role)?;
    let nobody = || Problem::field("email", "is not the address of anybody who has an account here");
    let user = app.ports.accounts.account_of(&email).await?.ok_or_else(nobody)?.id;
    match app.ports.directory.put_member(&admin.organisation, user, role).await? {
        MemberChange::Changed | MemberChange::Unchanged => {}
        MemberChange::NotThere => return Err(nobody()),
        MemberChange::LastAdmin => return Err(Problem::new(Code::LastAdmin)),
    }
    // Also where nothing changed: a client that lost the answer asks again, and the event must not be missing.
    app.remember(admin.actor(), admin.owner(), Action::MemberPut, user.to_string()).await?;
    let member = find(&app, &admin.organisation, user).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(MemberView::of(&app, &admin, &member).await?))
}

/// The role of a name.
pub(super) fn parse_role(text: &str) -> Result<Role, Problem> {
    text.parse().map_err(|error: PeopleError| Problem::field("role", error.to_string()))
}

//! `PATCH /v1/organisations/{org}/members/{user}`: another role.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::audit::Action;
use domain::ids::UserId;
use serde::Deserialize;
use stores::MemberChange;
use utoipa::ToSchema;

use super::add::parse_role;
use super::view::{MemberView, find};
use crate::body::JsonBody;
use crate::path::FromPath;
use crate::problem::{Code, Problem};
use crate::{AdminOf, App};

/// What to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberPatch {
    /// `member` or `admin`.
    #[schema(pattern = "^(admin|member)$", example = "admin")]
    role: String,
}

#[utoipa::path(patch, path = "/v1/organisations/{org}/members/{user}", operation_id = "change_member", tag = "members",
    summary = "Set a member's role", security(("access_token" = [])), request_body = MemberPatch,
    params(("org" = String, Path, description = "The organisation."),
        ("user" = String, Path, format = Uuid, description = "The member.")),
    responses((status = 200, description = "The member as they are now", body = MemberView),
        (status = 403, description = "Only an admin may do this"),
        (status = 409, description = "The organisation would be left without an admin")))]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    AdminOf(admin): AdminOf,
    FromPath(user): FromPath<UserId>,
    JsonBody(body): JsonBody<MemberPatch>,
) -> Result<Json<MemberView>, Problem> {
    let role = parse_role(&body.role)?;
    find(&app, &admin.organisation, user).await?.ok_or_else(Problem::not_found)?;
    match app.ports.directory.put_member(&admin.organisation, user, role).await? {
        MemberChange::Changed | MemberChange::Unchanged => {}
        MemberChange::NotThere => return Err(Problem::not_found()),
        MemberChange::LastAdmin => return Err(Problem::new(Code::LastAdmin)),
    }
    app.remember(admin.actor(), admin.owner(), Action::MemberPut, user.to_string()).await?;
    let member = find(&app, &admin.organisation, user).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(MemberView::of(&app, &admin, &member).await?))
}

//! `DELETE /v1/organisations/{org}/members/{user}`: from now on nothing of the organisation is there for them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Action;
use domain::ids::UserId;
use stores::MemberChange;

use crate::path::FromPath;
use crate::problem::{Code, Problem};
use crate::{AdminOf, App};

#[utoipa::path(delete, path = "/v1/organisations/{org}/members/{user}", operation_id = "remove_member", tag = "members",
    summary = "Remove a member", security(("access_token" = [])),
    params(("org" = String, Path, description = "The organisation."),
        ("user" = String, Path, format = Uuid, description = "The member.")),
    responses((status = 204, description = "They belong to it no longer"),
        (status = 403, description = "Only an admin may do this"),
        (status = 409, description = "The organisation would be left without an admin")))]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    AdminOf(admin): AdminOf,
    FromPath(user): FromPath<UserId>,
) -> Result<StatusCode, Problem> {
    match app.ports.directory.remove_member(&admin.organisation, user).await? {
        MemberChange::Changed | MemberChange::Unchanged => {}
        MemberChange::NotThere => return Err(Problem::not_found()),
        MemberChange::LastAdmin => return Err(Problem::new(Code::LastAdmin)),
    }
    app.remember(admin.actor(), admin.owner(), Action::MemberRemoved, user.to_string()).await?;
    Ok(StatusCode::NO_CONTENT)
}

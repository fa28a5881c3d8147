//! `DELETE .../exports/{id}`: cancels or deletes; from then on there is no link, and the objects go by a step.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Action;
use domain::ids::ExportId;
use queue::Wake;

use super::party::Party;
use crate::path::FromPath;
use crate::problem::Problem;
use crate::{App, MemberOf, SignedIn};

#[utoipa::path(
    delete,
    path = "/v1/organisations/{org}/exports/{id}",
    tag = "exports",
    operation_id = "remove_export",
    summary = "Cancel or delete an export",
    description = "Every member may, and the trail says who did. Links end at once, running downloads within five seconds. An export that is gone already stays so.",
    params(
        ("org" = String, Path, description = "The organisation."),
        ("id" = String, Path, format = Uuid, description = "The export."),
    ),
    responses((status = 204, description = "It is cancelled or deleted.")),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    FromPath(id): FromPath<ExportId>,
) -> Result<StatusCode, Problem> {
    run(&app, member.into(), id).await
}

#[utoipa::path(
    delete,
    path = "/v1/me/exports/{id}",
    tag = "me",
    operation_id = "remove_my_export",
    summary = "Cancel or delete an export of mine",
    params(("id" = String, Path, format = Uuid, description = "The export.")),
    responses((status = 204, description = "It is cancelled or deleted.")),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    FromPath(id): FromPath<ExportId>,
) -> Result<StatusCode, Problem> {
    run(&app, signed_in.into(), id).await
}

async fn run(app: &App, party: Party, id: ExportId) -> Result<StatusCode, Problem> {
    app.ports.jobs.cancel(&party.owner, id).await?.ok_or_else(Problem::not_found)?;
    wake(app, &party);
    app.remember(party.actor(), party.owner, Action::ExportRemoved, id.to_string()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells the workers. A wake that is lost costs a sweep and no more, so nobody waits for it, and a failure is none of the
/// caller's.
pub(super) fn wake(app: &App, party: &Party) {
    let (queue, wake) = (Arc::clone(&app.ports.queue), Wake::of(party.owner.clone()));
    tokio::spawn(async move {
        if let Err(error) = queue.push(wake).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a wake was not sent; the sweep will find the work");
        }
    });
}

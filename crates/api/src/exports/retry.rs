//! `POST .../exports/{id}/retry`: the failed days of an export are built again, at the same snapshot.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Action;
use domain::ids::ExportId;
use stores::jobs::Retried;

use super::party::Party;
use super::remove::wake;
use super::view::ExportView;
use crate::path::FromPath;
use crate::problem::{Code, Problem};
use crate::{App, MemberOf, SignedIn};

#[utoipa::path(
    post,
    path = "/v1/organisations/{org}/exports/{id}/retry",
    tag = "exports",
    operation_id = "retry_export",
    summary = "Build the failed days of an export again",
    params(
        ("org" = String, Path, description = "The organisation."),
        ("id" = String, Path, format = Uuid, description = "The export."),
    ),
    responses(
        (status = 202, description = "The failed days are built again.", body = ExportView),
        (status = 409, description = "It has not failed, or has no failed days that could be repeated."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    FromPath(id): FromPath<ExportId>,
) -> Result<(StatusCode, Json<ExportView>), Problem> {
    run(&app, member.into(), id).await
}

#[utoipa::path(
    post,
    path = "/v1/me/exports/{id}/retry",
    tag = "me",
    operation_id = "retry_my_export",
    summary = "Build what failed of my export again",
    params(("id" = String, Path, format = Uuid, description = "The export.")),
    responses(
        (status = 202, description = "What failed is built again.", body = ExportView),
        (status = 409, description = "It has not failed, or has nothing that could be repeated."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    FromPath(id): FromPath<ExportId>,
) -> Result<(StatusCode, Json<ExportView>), Problem> {
    run(&app, signed_in.into(), id).await
}

async fn run(app: &App, party: Party, id: ExportId) -> Result<(StatusCode, Json<ExportView>), Problem> {
    let export = match app.ports.jobs.retry(&party.owner, id).await?.ok_or_else(Problem::not_found)? {
        Retried::GoesOn(export) => export,
        Retried::NothingToRetry(_) => return Err(Problem::new(Code::NotRetryable)),
    };
    wake(app, &party);
    app.remember(party.actor(), party.owner, Action::ExportRetried, id.to_string()).await?;
    Ok((StatusCode::ACCEPTED, Json(ExportView::of(app, &export).await)))
}

//! `GET .../exports/{id}`: how far an export is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::ids::ExportId;

use super::party::Party;
use super::view::ExportView;
use crate::path::FromPath;
use crate::problem::Problem;
use crate::{App, MemberOf, SignedIn};

#[utoipa::path(
    get,
    path = "/v1/organisations/{org}/exports/{id}",
    tag = "exports",
    operation_id = "get_export",
    summary = "How far an export is",
    params(
        ("org" = String, Path, description = "The organisation."),
        ("id" = String, Path, format = Uuid, description = "The export."),
    ),
    responses((status = 200, description = "The export.", body = ExportView)),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    FromPath(id): FromPath<ExportId>,
) -> Result<Json<ExportView>, Problem> {
    run(&app, member.into(), id).await
}

#[utoipa::path(
    get,
    path = "/v1/me/exports/{id}",
    tag = "me",
    operation_id = "get_my_export",
    summary = "How far an export of mine is",
    params(("id" = String, Path, format = Uuid, description = "The export.")),
    responses((status = 200, description = "The export.", body = ExportView)),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    FromPath(id): FromPath<ExportId>,
) -> Result<Json<ExportView>, Problem> {
    run(&app, signed_in.into(), id).await
}

async fn run(app: &App, party: Party, id: ExportId) -> Result<Json<ExportView>, Problem> {
    let export = party.export(app, id).await?;
    Ok(Json(ExportView::of(app, &export).await))
}

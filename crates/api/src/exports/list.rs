//! `GET .../exports`: an owner's exports page by page, the newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::party::Party;
use super::view::ExportView;
use crate::cursor::{Cursor, CursorError};
use crate::paging::Paging;
use crate::problem::Problem;
use crate::{App, MemberOf, SignedIn};

/// Some exports, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportPage {
    /// The exports.
    items: Vec<ExportView>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/v1/organisations/{org}/exports",
    tag = "exports",
    operation_id = "list_exports",
    summary = "An organisation's exports, the newest first",
    params(("org" = String, Path, description = "The organisation."), Paging),
    responses((status = 200, description = "A page of exports.", body = ExportPage)),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    paging: Paging,
) -> Result<Json<ExportPage>, Problem> {
    run(&app, member.into(), paging).await
}

#[utoipa::path(
    get,
    path = "/v1/me/exports",
    tag = "me",
    operation_id = "list_my_exports",
    summary = "My exports, the newest first",
    params(Paging),
    responses((status = 200, description = "A page of exports.", body = ExportPage)),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    paging: Paging,
) -> Result<Json<ExportPage>, Problem> {
    run(&app, signed_in.into(), paging).await
}

async fn run(app: &App, party: Party, paging: Paging) -> Result<Json<ExportPage>, Problem> {
    let before = paging.place(|cursor| match cursor {
        Cursor::Export(id) => Ok(id),
        _ => Err(CursorError),
    })?;
    let limit = paging.items(app);
    let mut exports = app.ports.jobs.list(&party.owner, before, limit + 1).await?;
    let more = exports.len() > limit as usize;
    exports.truncate(limit as usize);
    let next = exports.last().filter(|_| more).map(|last| Cursor::Export(last.id).encode());
    let mut items = Vec::with_capacity(exports.len());
    for export in &exports {
        items.push(ExportView::of(app, export).await);
    }
    Ok(Json(ExportPage { items, next_cursor: next }))
}

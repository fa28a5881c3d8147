//! `GET /v1/organisations/{org}/members`: who belongs to it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::MemberView;
use crate::cursor::{Cursor, CursorError};
use crate::paging::Paging;
use crate::problem::Problem;
use crate::{App, MemberOf};

/// A page of members, by user id.
#[derive(Serialize, ToSchema)]
pub(super) struct Members {
    items: Vec<MemberView>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

#[utoipa::path(get, path = "/v1/organisations/{org}/members", operation_id = "list_members", tag = "members",
    summary = "Who belongs to an organisation", security(("access_token" = [])),
    params(("org" = String, Path, description = "The organisation."), Paging),
    responses((status = 200, description = "A page of members", body = Members)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: MemberOf,
    paging: Paging,
) -> Result<Json<Members>, Problem> {
    let after = paging.place(|cursor| match cursor {
        Cursor::User(user) => Ok(user),
        _ => Err(CursorError),
    })?;
    let limit = paging.items(&app);
    // One more than asked says whether there is another page.
    let mut found = app.ports.directory.members(&caller.organisation, after, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|member| Cursor::User(member.user).encode());
    let mut items = Vec::new();
    for member in &found {
        items.push(MemberView::of(&app, &caller, member).await?);
    }
    Ok(Json(Members { items, next_cursor }))
}

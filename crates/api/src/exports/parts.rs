//! `GET .../exports/{id}/parts`: the parts of an export, which can be fetched while the rest is running.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::dataset::Dataset;
use domain::export::Export;
use domain::ids::ExportId;
use parts::PartRecord;
use parts::plan::PlannedSegment;
use serde::Serialize;
use utoipa::ToSchema;

use super::fetchable::{built, segments};
use super::party::Party;
use super::view::hex;
use crate::cursor::{Cursor, CursorError};
use crate::paging::Paging;
use crate::path::FromPath;
use crate::problem::Problem;
use crate::{App, MemberOf, SignedIn};

/// Some parts, in the order of their days.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartPage {
    /// The parts.
    items: Vec<PartView>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// The part of one segment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    /// Its number, from 0; a link is asked for by it.
    part: u32,
    /// Its first day, in the zone of the request; null in a dataset without days.
    #[schema(format = Date)]
    first_day: Option<String>,
    /// Its last day.
    #[schema(format = Date)]
    last_day: Option<String>,
    /// Where a day is cut further: which window of it, from 1.
    window: Option<u32>,
    /// Rows in it, once it is built.
    rows: Option<u64>,
    /// Its size, once it is built.
    bytes: Option<u64>,
    /// BLAKE3 of the part, 64 hex digits, once it is built.
    blake3: Option<String>,
    /// CRC-64/NVME of the part, 16 hex digits, once it is built.
    crc64nvme: Option<String>,
    /// Whether it can be fetched.
    ready: bool,
}

impl PartView {
    fn new(export: &Export, number: u32, segment: &PlannedSegment, record: Option<&PartRecord>) -> Self {
        let day = |day: domain::time::Day| match export.request.dataset {
            Dataset::Messages => Some(day.to_string()),
            Dataset::Memberships => None,
        };
        Self {
            part: number,
            first_day: day(segment.slice.first_day),
            last_day: day(segment.slice.last_day),
            window: segment.slice.window,
            rows: record.map(PartRecord::rows),
            bytes: record.map(|record| record.part.total_bytes),
            blake3: record.map(|record| hex(&record.part.blake3.0)),
            crc64nvme: record.map(|record| format!("{:016x}", record.part.crc64nvme.value)),
            ready: record.is_some(),
        }
    }
}

#[utoipa::path(
    get,
    path = "/v1/organisations/{org}/exports/{id}/parts",
    tag = "exports",
    operation_id = "list_parts",
    summary = "The parts of an export, each ready on its own",
    params(
        ("org" = String, Path, description = "The organisation."),
        ("id" = String, Path, format = Uuid, description = "The export."),
        Paging,
    ),
    responses(
        (status = 200, description = "A page of parts.", body = PartPage),
        (status = 409, description = "There is no plan yet."),
        (status = 410, description = "The parts are no longer kept."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    FromPath(id): FromPath<ExportId>,
    paging: Paging,
) -> Result<Json<PartPage>, Problem> {
    run(&app, member.into(), id, paging).await
}

#[utoipa::path(
    get,
    path = "/v1/me/exports/{id}/parts",
    tag = "me",
    operation_id = "list_my_parts",
    summary = "The parts of an export of mine",
    params(("id" = String, Path, format = Uuid, description = "The export."), Paging),
    responses(
        (status = 200, description = "A page of parts.", body = PartPage),
        (status = 409, description = "There is no plan yet."),
        (status = 410, description = "The parts are no longer kept."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    FromPath(id): FromPath<ExportId>,
    paging: Paging,
) -> Result<Json<PartPage>, Problem> {
    run(&app, signed_in.into(), id, paging).await
}

async fn run(app: &App, party: Party, id: ExportId, paging: Paging) -> Result<Json<PartPage>, Problem> {
    let from = paging.place(|cursor| match cursor {
        Cursor::Segment(number) => Ok(number),
        _ => Err(CursorError),
    })?;
    let limit = paging.items(app);
    let export = party.export(app, id).await?;
    let mut found = segments(app, &export, from.unwrap_or(0), limit + 1).await?;
    let next = found.get(limit as usize).map(|(_, state)| Cursor::Segment(state.number).encode());
    found.truncate(limit as usize);
    let mut items = Vec::with_capacity(found.len());
    for (segment, state) in &found {
        let built = built(app, &export, segment, state).await?;
        items.push(PartView::new(&export, state.number, segment, built.as_ref().map(|(_, record)| record)));
    }
    Ok(Json(PartPage { items, next_cursor: next }))
}

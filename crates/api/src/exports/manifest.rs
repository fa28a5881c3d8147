//! `GET .../exports/{id}/manifest`: what is in a file, and what stands in no file: which export and snapshot it was.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use domain::export::State as ExportState;
use domain::ids::ExportId;
use parts::{ManifestError, read_manifest};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::links::only_file;
use super::party::Party;
use crate::path::FromPath;
use crate::problem::{Problem, hidden};
use crate::{App, MemberOf, SignedIn};

/// Longest manifest that is answered (bytes); a longer one is in the file, or beside it.
const MANIFEST_LIMIT_BYTES: u64 = 32 << 20;

/// Which file's manifest.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManifestQuery {
    /// The name of a file of the export; may be left out where there is only one.
    #[param(required = false, nullable = false, max_length = 200)]
    file: Option<String>,
}

impl FromRequestParts<Arc<App>> for ManifestQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let query = Query::<Self>::try_from_uri(&parts.uri);
        query.map(|Query(query)| query).map_err(|_| Problem::field("query", "knows 'file', once"))
    }
}

/// A manifest, and the export that it belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManifestView {
    /// The manifest, byte for byte as it is in the file or beside it.
    #[schema(value_type = Object)]
    manifest: Box<RawValue>,
    /// The file.
    file: String,
    /// The snapshot of the table that was read, as text since it needs all 64 bits; null in a dataset without.
    snapshot: Option<String>,
    /// The export.
    #[schema(format = Uuid)]
    export_id: String,
    /// Parts that were found finished.
    reused_parts: u32,
    /// Parts that were built.
    built_parts: u32,
    /// When the export was asked for (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was complete.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

#[utoipa::path(
    get,
    path = "/v1/organisations/{org}/exports/{id}/manifest",
    tag = "exports",
    operation_id = "get_manifest",
    summary = "The manifest of a finished export",
    params(
        ("org" = String, Path, description = "The organisation."),
        ("id" = String, Path, format = Uuid, description = "The export."),
        ManifestQuery,
    ),
    responses(
        (status = 200, description = "The manifest.", body = ManifestView),
        (status = 409, description = "The export is not ready."),
        (status = 410, description = "It is no longer kept."),
        (status = 422, description = "There are several files, or none of this name, or it is too long to be answered."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    FromPath(id): FromPath<ExportId>,
    query: ManifestQuery,
) -> Result<Json<ManifestView>, Problem> {
    run(&app, member.into(), id, query).await
}

#[utoipa::path(
    get,
    path = "/v1/me/exports/{id}/manifest",
    tag = "me",
    operation_id = "get_my_manifest",
    summary = "The manifest of a finished export of mine",
    params(("id" = String, Path, format = Uuid, description = "The export."), ManifestQuery),
    responses(
        (status = 200, description = "The manifest.", body = ManifestView),
        (status = 409, description = "The export is not ready."),
        (status = 410, description = "It is no longer kept."),
        (status = 422, description = "There are several files, or none of this name, or it is too long to be answered."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    FromPath(id): FromPath<ExportId>,
    query: ManifestQuery,
) -> Result<Json<ManifestView>, Problem> {
    run(&app, signed_in.into(), id, query).await
}

async fn run(app: &App, party: Party, id: ExportId, query: ManifestQuery) -> Result<Json<ManifestView>, Problem> {
    let export = party.export(app, id).await?;
    let file = only_file(app, &export, query.file.as_deref())?;
    let text = read_manifest(Arc::clone(&app.ports.artifacts), &export, file, MANIFEST_LIMIT_BYTES).await;
    let text = text.map_err(|error| match error {
        ManifestError::TooLong { limit_bytes } => {
            Problem::field("file", format!("has a manifest of more than {limit_bytes} bytes; take it from the file"))
        }
        error => hidden(&error, error.retryable()),
    })?;
    let manifest = String::from_utf8(text).map_err(|error| hidden(&error, false))?;
    Ok(Json(ManifestView {
        manifest: RawValue::from_string(manifest).map_err(|error| hidden(&error, false))?,
        file: file.name.clone(),
        snapshot: export.plan.filter(|_| export.request.range.is_some()).map(|plan| plan.snapshot.to_string()),
        export_id: export.id.to_string(),
        reused_parts: export.reused_parts,
        built_parts: export.built_parts,
        created_at: export.created_at.to_string(),
        finished_at: match &export.state {
            ExportState::Succeeded { finished_at, .. } => Some(finished_at.to_string()),
            _ => None,
        },
    }))
}

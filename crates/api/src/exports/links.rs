//! `POST .../exports/{id}/links`: a link for one user and one object, which must be started soon.

use std::sync::Arc;

use artifacts::DownloadAs;
use axum::Json;
use axum::extract::State;
use domain::audit::Action;
use domain::export::{ArchiveFile, Export};
use domain::ids::ExportId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fetchable::{Fetchable, artifact, find, finished_files};
use super::party::Party;
use crate::body::JsonBody;
use crate::downloads::{LinkClaims, Target};
use crate::path::FromPath;
use crate::problem::Problem;
use crate::{App, MemberOf, SignedIn};

/// What is to be fetched: a file or a part; without either the only file there is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    /// The name of a file of the export.
    #[schema(max_length = 200)]
    file: Option<String>,
    /// The number of a part.
    part: Option<u32>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkView {
    /// Where to fetch it, without a token; single and multiple ranges are answered.
    #[schema(format = "uri")]
    url: String,
    /// Until when a request may begin (RFC 3339). One that has begun goes on.
    #[schema(format = DateTime)]
    expires_at: String,
}

#[utoipa::path(
    post,
    path = "/v1/organisations/{org}/exports/{id}/links",
    tag = "exports",
    operation_id = "create_link",
    summary = "A link to a file or part of an export",
    description = "Membership is asked now; and at each request with the link, and while it is answered, unless the link leads to \
        the storage itself (`http.downloads = \"presigned\"` with artifacts in a bucket).",
    params(
        ("org" = String, Path, description = "The organisation."),
        ("id" = String, Path, format = Uuid, description = "The export."),
    ),
    request_body = LinkRequest,
    responses(
        (status = 200, description = "The link.", body = LinkView),
        (status = 409, description = "It is not ready."),
        (status = 410, description = "It is no longer kept."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    FromPath(id): FromPath<ExportId>,
    JsonBody(body): JsonBody<LinkRequest>,
) -> Result<Json<LinkView>, Problem> {
    run(&app, member.into(), id, body).await
}

#[utoipa::path(
    post,
    path = "/v1/me/exports/{id}/links",
    tag = "me",
    operation_id = "create_my_link",
    summary = "A link to a file or part of an export of mine",
    params(("id" = String, Path, format = Uuid, description = "The export.")),
    request_body = LinkRequest,
    responses(
        (status = 200, description = "The link.", body = LinkView),
        (status = 409, description = "It is not ready."),
        (status = 410, description = "It is no longer kept."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    FromPath(id): FromPath<ExportId>,
    JsonBody(body): JsonBody<LinkRequest>,
) -> Result<Json<LinkView>, Problem> {
    run(&app, signed_in.into(), id, body).await
}

async fn run(app: &App, party: Party, id: ExportId, body: LinkRequest) -> Result<Json<LinkView>, Problem> {
    let export = party.export(app, id).await?;
    let target = target(app, &export, body)?;
    let file = find(app, &export, &target).await?;
    // A link that nobody remembers is not given out.
    app.remember(party.actor(), party.owner.clone(), Action::LinkCreated, id.to_string()).await?;
    let until = app.now().plus_seconds(app.limits().link_seconds);
    let url = match presigned(app, &file).await? {
        Some(url) => url,
        None => {
            let claims = LinkClaims { owner: party.owner, user: party.user, export: id, target, until };
            format!("{}/v1/downloads/{}", app.options.public_url, claims.seal(&app.keys))
        }
    };
    Ok(Json(LinkView { url, expires_at: until.to_string() }))
}

/// A link that the storage answers itself, where it can and may: nobody is asked for the membership any more then, but it
/// cannot be started for longer than ours.
async fn presigned(app: &App, file: &Fetchable) -> Result<Option<String>, Problem> {
    if !app.options.presigned {
        return Ok(None);
    }
    let download = DownloadAs { file_name: &file.name, content_type: file.content_type };
    let link = app.ports.artifacts.presign(&file.object, &download, app.limits().link_seconds).await;
    link.map_err(artifact)
}

fn target(app: &App, export: &Export, body: LinkRequest) -> Result<Target, Problem> {
    match (body.file, body.part) {
        (Some(_), Some(_)) => Err(Problem::field("part", "cannot be given together with 'file'")),
        (None, Some(part)) => Ok(Target::Part(part)),
        (file, None) => Ok(Target::File(only_file(app, export, file.as_deref())?.name.clone())),
    }
}

/// The file that is meant: the one named, or the only one.
pub(super) fn only_file<'a>(app: &App, export: &'a Export, name: Option<&str>) -> Result<&'a ArchiveFile, Problem> {
    let files = finished_files(export, app.now())?;
    match (name, files) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Problem::field("file", "is needed: the export has several files")),
        (Some(name), files) => {
            let file = files.iter().find(|file| file.name == name);
            file.ok_or_else(|| Problem::field("file", "is not a file of this export"))
        }
    }
}

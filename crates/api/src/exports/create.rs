//! `POST .../exports`: asks for an export; the work is done in the background.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::audit::{Action, Event};
use domain::export::{Export, Requester};
use domain::ids::{EventId, ExportId};
use domain::limits::Limits;
use domain::request::{Request, Shape};
use domain::time::{DAY, Micros, SECOND};
use stores::jobs::{ClientKey, Created, IdempotencyKey, NewExport};

use super::estimate::refuse_too_large;
use super::party::Party;
use super::remove::wake;
use super::request::{ExportRequest, parse};
use super::view::ExportView;
use crate::body::JsonBytes;
use crate::problem::{Code, Problem};
use crate::{App, MemberOf, SignedIn};

#[utoipa::path(
    post,
    path = "/v1/organisations/{org}/exports",
    tag = "exports",
    operation_id = "create_export",
    summary = "Ask for an export of messages",
    description = "The answer comes at once, the files are made in the background. The caller gets a letter at the end.",
    params(
        ("org" = String, Path, description = "The organisation."),
        ("Idempotency-Key" = inline(Option<String>), Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "The same key with the same request is one export; kept for 7 days."),
    ),
    request_body = ExportRequest,
    responses(
        (status = 202, description = "It is taken on.", body = ExportView,
            headers(("Location" = String, description = "Where to look how far it is."))),
        (status = 409, description = "The key belongs to another request."),
        (status = 422, description = "Fields that cannot be, or an export that would be too large."),
        (status = 429, description = "Too many exports today."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    headers: HeaderMap,
    body: JsonBytes,
) -> Result<Response, Problem> {
    run(&app, member.into(), &headers, &body).await
}

#[utoipa::path(
    post,
    path = "/v1/me/exports",
    tag = "me",
    operation_id = "create_my_export",
    summary = "Ask for an export of my memberships",
    description = "The answer comes at once, the file is made in the background and comes by mail.",
    params(
        ("Idempotency-Key" = inline(Option<String>), Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "The same key with the same request is one export; kept for 7 days."),
    ),
    request_body(content = ExportRequest, example = json!({"dataset": "memberships"})),
    responses(
        (status = 202, description = "It is taken on.", body = ExportView,
            headers(("Location" = String, description = "Where to look how far it is."))),
        (status = 409, description = "The key belongs to another request."),
        (status = 422, description = "Fields that cannot be."),
        (status = 429, description = "Too many exports today."),
    ),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    body: JsonBytes,
) -> Result<Response, Problem> {
    run(&app, signed_in.into(), &headers, &body).await
}

async fn run(app: &App, party: Party, headers: &HeaderMap, body: &JsonBytes) -> Result<Response, Problem> {
    let key = client_key(headers)?;
    let request = parse(&party.owner, &body.parse()?, shape(app)).map_err(Problem::fields)?;
    let idempotency = key.map(|key| IdempotencyKey { user: Some(party.user), key, request_hash: hash(&request) });
    let too_large = refuse_too_large(app, &party.owner, &request).await.err();
    let mut new = new_export(app, &party, request, idempotency).await?;
    if too_large.is_some() {
        // Where the table has grown since, a repeat still finds what its key stands for; nothing new is made.
        new.per_day_limit = Some(0);
    }
    let export = match app.ports.jobs.create(new).await? {
        Created::New(export) | Created::Known(export) => export,
        Created::KeyConflict => return Err(Problem::new(Code::IdempotencyConflict)),
        Created::TooManyToday => return Err(too_large.unwrap_or_else(|| too_many(app.now()))),
    };
    wake(app, &party);
    remember(app, &party, &export).await?;
    Ok(answer(app, &party, &export).await)
}

/// The event has the id of the export: a client that lost the answer asks again, and it is still one event.
async fn remember(app: &App, party: &Party, export: &Export) -> Result<(), Problem> {
    let event = Event {
        id: EventId(export.id.0),
        at: export.created_at,
        actor: party.actor(),
        owner: party.owner.clone(),
        action: Action::ExportCreated,
        subject: export.id.to_string(),
    };
    Ok(app.ports.audit.add_event(&event).await?)
}

/// What the installation decides about the bytes, now.
pub(super) fn shape(app: &App) -> Shape {
    Shape::of(app.limits(), app.options.sha256)
}

async fn new_export(
    app: &App,
    party: &Party,
    request: Request,
    idempotency: Option<IdempotencyKey>,
) -> Result<NewExport, Problem> {
    let account = app.ports.accounts.account(party.user).await?;
    let account = account.ok_or(Problem::new(Code::Unauthenticated))?;
    let limits: &Limits = app.limits();
    Ok(NewExport {
        id: ExportId::new(app.now(), app.ports.random.as_ref()),
        owner: party.owner.clone(),
        request,
        requested_by: Some(Requester { user: party.user, email: account.email }),
        idempotency,
        per_day_limit: Some(limits.exports_per_organisation_per_day),
    })
}

/// The client's key, if it sent one.
pub(crate) fn client_key(headers: &HeaderMap) -> Result<Option<ClientKey>, Problem> {
    const NAME: &str = "idempotency-key";
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::field("Idempotency-Key", "comes more than once"));
    }
    let key = value.to_str().unwrap_or("").parse::<ClientKey>();
    key.map(Some).map_err(|error| Problem::field("Idempotency-Key", error.to_string()))
}

/// What makes two requests the same; spelling and what the installation decides do not count.
fn hash(request: &Request) -> [u8; 32] {
    let canonical = serde_json::to_vec(&ExportRequest::from(request)).expect("text and lists have a JSON form");
    digest(&SHA256, &canonical).as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

/// The day's counter begins again with the next UTC day.
fn too_many(now: Micros) -> Problem {
    let left = now.utc_day().next().utc_start().0 - now.0;
    let seconds = u64::try_from(left.clamp(0, DAY)).unwrap_or(0).div_ceil(SECOND.unsigned_abs());
    Problem::new(Code::TooManyExports).limit("exports_per_organisation_per_day").retry_after(seconds.max(1))
}

async fn answer(app: &App, party: &Party, export: &Export) -> Response {
    let location = format!("{}/{}", party.path(), export.id);
    let view = ExportView::of(app, export).await;
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_day_is_told_in_seconds() {
        let after = |micros: i64| too_many(Micros(5 * DAY + micros)).retry_after_seconds;
        assert_eq!(after(0), Some(86_400));
        assert_eq!(after(DAY - 1), Some(1));
        assert_eq!(after(DAY - SECOND - 1), Some(2));
    }

    #[test]
    fn a_key_comes_once_and_is_visible() {
        let key = |values: &[&'static [u8]]| {
            let value = |value: &&'static [u8]| {
                ("idempotency-key".parse().unwrap(), axum::http::HeaderValue::from_bytes(value).unwrap())
            };
            let headers: HeaderMap = values.iter().map(value).fold(HeaderMap::new(), |mut headers, (name, value)| {
                let name: axum::http::HeaderName = name;
                headers.append(name, value);
                headers
            });
            client_key(&headers).map(|key| key.map(|key| key.as_str().to_owned())).map_err(|problem| problem.code)
        };
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&[b"a-1"]), Ok(Some("a-1".to_owned())));
        for bad in [&[b"".as_slice()][..], &[b"a b"], &[b"\xff"], &[b"a", b"a"]] {
            assert_eq!(key(bad), Err(Code::InvalidRequest));
        }
    }
}

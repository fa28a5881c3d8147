//! `GET|HEAD /v1/downloads/{token}`: the object of a link, whole or in ranges, as long as its user may see it.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use utoipa::ToSchema;

use super::body::{Permit, Piece, Source, body};
use super::conditions::{Conditions, evaluate};
use super::multipart::{boundary, content_range, pieces};
use super::range::{Wanted, wanted};
use super::token::{LinkClaims, LinkToken};
use crate::App;
use crate::exports::fetchable::{Fetchable, find};
use crate::exports::party::may_see;
use crate::path::FromPath;
use crate::problem::{Code, Problem};

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it stands in the document only: without it, bytes would be shown as a list of numbers")]
struct Octets(Vec<u8>);

#[utoipa::path(
    get,
    path = "/v1/downloads/{token}",
    tag = "downloads",
    operation_id = "download",
    summary = "The file or part of a link",
    description = "Needs no other token. Range, If-Range, If-Match, If-None-Match and HEAD are answered as RFC 9110 says, \
        at most 16 ranges at a time. A download ends with a broken connection once its user may no longer see the file.",
    params(
        ("token" = String, Path, description = "As it stands in the link."),
        ("Range" = inline(Option<String>), Header, nullable = false, description = "Ranges of bytes.", example = "bytes=0-1023"),
    ),
    responses(
        (status = 200, description = "The whole file.", content(
            (Octets = "application/zip"), (Octets = "application/gzip"),
            (String = "text/csv; charset=utf-8; header=present"), (String = "text/csv; charset=utf-8; header=absent"))),
        (status = 206, description = "The ranges.", content(
            (Octets = "application/zip"), (Octets = "application/gzip"),
            (String = "text/csv; charset=utf-8; header=present"), (String = "text/csv; charset=utf-8; header=absent"),
            (Octets = "multipart/byteranges"))),
        (status = 304, description = "The client has it already."),
        (status = 404, description = "There is no such link, or its user may not see the file."),
        (status = 409, description = "The part is not built, or not any more."),
        (status = 410, description = "The link's time is over, or the file is no longer kept."),
        (status = 412, description = "The client means another file."),
        (status = 416, description = "No byte of the file lies in the ranges, or there are too many of them."),
    ),
    security(())
)]
pub(super) async fn fetch(
    State(app): State<Arc<App>>,
    FromPath(LinkToken(token)): FromPath<LinkToken>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    let claims = LinkClaims::open(&token, &app.keys).ok_or_else(Problem::not_found)?;
    let file = look(&app, &claims).await?;
    if app.now() > claims.until {
        return Err(Problem::new(Code::Expired).detail("the link's time is over; ask for another one"));
    }
    let ranges = match evaluate(&headers, &file.etag) {
        Conditions::Failed => return Err(Problem::new(Code::PreconditionFailed)),
        Conditions::NotModified => return Ok(not_modified(&file)),
        // Ranges are a matter of GET alone (RFC 9110 section 14.2).
        Conditions::Met { ranges } => ranges && method == Method::GET,
    };
    let range = headers.get(header::RANGE).filter(|_| ranges).and_then(|value| value.to_str().ok());
    Ok(match range.map_or(Wanted::Whole, |range| wanted(range, file.bytes)) {
        Wanted::Whole => whole(&app, claims, file),
        Wanted::Ranges(ranges) => partial(&app, claims, file, &ranges),
        Wanted::Unsatisfiable => unsatisfiable(&file),
    })
}

/// The object of a link, if its user may see it and it is there, both asked now.
async fn look(app: &App, claims: &LinkClaims) -> Result<Fetchable, Problem> {
    if !may_see(app.ports.directory.as_ref(), &claims.owner, claims.user).await? {
        return Err(Problem::not_found());
    }
    let export = app.ports.jobs.get(&claims.owner, claims.export).await?.ok_or_else(Problem::not_found)?;
    find(app, &export, &claims.target).await
}

/// Asks the same again while a download runs.
struct StillThere {
    app: Arc<App>,
    claims: LinkClaims,
    etag: String,
}

#[async_trait]
impl Permit for StillThere {
    async fn holds(&self) -> bool {
        look(&self.app, &self.claims).await.is_ok_and(|file| file.etag == self.etag)
    }
}

fn whole(app: &Arc<App>, claims: LinkClaims, file: Fetchable) -> Response<Body> {
    let pieces = vec![Piece::Range(0..file.bytes)];
    let content_type = HeaderValue::from_static(file.content_type);
    answer(StatusCode::OK, content_type, app, claims, file, pieces)
}

fn partial(app: &Arc<App>, claims: LinkClaims, file: Fetchable, ranges: &[Range<u64>]) -> Response<Body> {
    let length = file.bytes;
    if let [range] = ranges {
        let content_type = HeaderValue::from_static(file.content_type);
        let pieces = vec![Piece::Range(range.clone())];
        let mut response = answer(StatusCode::PARTIAL_CONTENT, content_type, app, claims, file, pieces);
        response.headers_mut().insert(header::CONTENT_RANGE, text(&content_range(range, length)));
        return response;
    }
    let boundary = boundary(app.ports.random.as_ref());
    let content_type = text(&format!("multipart/byteranges; boundary={boundary}"));
    let pieces = pieces(ranges, length, file.content_type, &boundary);
    answer(StatusCode::PARTIAL_CONTENT, content_type, app, claims, file, pieces)
}

fn unsatisfiable(file: &Fetchable) -> Response<Body> {
    let mut response = Problem::new(Code::RangeNotSatisfiable).into_response();
    response.headers_mut().insert(header::CONTENT_RANGE, text(&format!("bytes */{}", file.bytes)));
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

fn answer(
    status: StatusCode,
    content_type: HeaderValue,
    app: &Arc<App>,
    claims: LinkClaims,
    file: Fetchable,
    pieces: Vec<Piece>,
) -> Response<Body> {
    let mut response = bare(status, &file);
    let length: u64 = pieces.iter().map(Piece::bytes).sum();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CONTENT_DISPOSITION, text(&format!("attachment; filename=\"{}\"", file.name)));
    let source = Source {
        artifacts: Arc::clone(&app.ports.artifacts),
        object: file.object,
        permit: Box::new(StillThere { app: Arc::clone(app), claims, etag: file.etag }),
        clock: Arc::clone(&app.ports.clock),
    };
    *response.body_mut() = body(source, pieces);
    response
}

/// It tells the length that the file has, and not that of its own empty body (RFC 9110 section 8.6).
fn not_modified(file: &Fetchable) -> Response<Body> {
    let mut response = bare(StatusCode::NOT_MODIFIED, file);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(file.bytes));
    response
}

/// An answer without a body, with what holds of the file however it is asked for.
fn bare(status: StatusCode, file: &Fetchable) -> Response<Body> {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ETAG, text(&file.etag));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

/// Names, tags and numbers of ours are visible ASCII.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("made of parsed values only")
}

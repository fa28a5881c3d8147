//! `POST /v1/organisations/{org}/messages`: NDJSON streamed into the lake, wholly taken or wholly refused.

mod body;
mod form;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::audit::Action;
use lake::LakeError;
use lake::ingest::{IngestOptions, Ingested, Input, InputError, Refused};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::body::feed;
use self::form::{Form, form};
use crate::problem::{Code, FieldError, Problem, hidden};
use crate::{App, IngestCaller};

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default().routes(routes!(take))
}

/// What was taken.
#[derive(Debug, Serialize, ToSchema)]
struct IngestView {
    /// Messages of the batch.
    accepted: u64,
    /// The snapshot of the table that holds them, as text since it needs all 64 bits.
    snapshot: Option<String>,
    /// Whether the batch was there before, so that nothing changed.
    already_known: bool,
}

#[utoipa::path(
    post,
    path = "/v1/organisations/{org}/messages",
    tag = "messages",
    operation_id = "ingest_messages",
    summary = "Bring messages in",
    description = "One body is one batch. One refused line refuses all of it; a batch that is known changes nothing.",
    params(
        ("org" = String, Path, description = "The organisation."),
        ("Idempotency-Key" = inline(Option<String>), Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
            description = "The key of the batch; without it a hash of the body as it was sent."),
        ("Content-Encoding" = inline(Option<String>), Header, nullable = false, pattern = "^(gzip|zstd|identity)$",
            description = "`gzip`, `zstd` or `identity`."),
    ),
    request_body(content = String, content_type = "application/x-ndjson",
        description = "One message as a JSON object per line.",
        example = "{\"message_id\":\"m1\",\"sent_at\":\"2024-01-31T09:30:00Z\",\"text\":\"Hello\"}\n"),
    responses(
        (status = 200, description = "All messages are in the table.", body = IngestView),
        (status = 400, description = "The body broke off."),
        (status = 403, description = "The caller may not bring messages in."),
        (status = 408, description = "The body came too slowly."),
        (status = 413, description = "The body is too large, as it was sent or once decompressed."),
        (status = 415, description = "Not NDJSON, or compressed in another way."),
        (status = 422, description = "Lines were refused, or the body cannot be decompressed."),
    ),
    security(("organisation_token" = []), ("access_token" = []))
)]
async fn take(State(app): State<Arc<App>>, caller: IngestCaller, request: Request) -> Result<Response, Problem> {
    let Form { batch_key, compression } = form(request.headers(), app.limits())?;
    // The body waits in its connection meanwhile.
    let _turn = app.ingests.acquire().await.map_err(|_| Problem::unavailable())?;
    let (feeding, reader) = feed(request.into_body(), app.limits().request_body_bytes);
    let input = Input::Stream(Box::new(reader), compression);
    let taking = app.ports.lake.ingest(&caller.organisation, input, options(&app, batch_key));
    let (taken, ()) = futures::join!(taking, feeding);
    let taken = taken.map_err(problem)?;
    if taken.snapshot.is_none() {
        return Err(refused(taken));
    }
    let owner = domain::owner::Owner::Organisation(caller.organisation);
    let subject = taken.snapshot.map(|snapshot| snapshot.to_string()).unwrap_or_default();
    app.remember(caller.actor, owner, Action::MessagesIngested, subject.clone()).await?;
    let view = IngestView { accepted: taken.accepted, snapshot: Some(subject), already_known: taken.already_known };
    Ok(Json(view).into_response())
}

fn options(app: &App, batch_key: Option<String>) -> IngestOptions {
    let limits = app.limits();
    let mut options = IngestOptions {
        batch_key,
        skip_refused: false,
        refused_limit: limits.refused_listed as usize,
        input: app.options.input_limits,
        ..IngestOptions::default()
    };
    options.input.compressed_bytes = Some(limits.request_body_bytes);
    options.input.decompressed_bytes = Some(limits.request_decompressed_bytes);
    options.sort.memory_bytes = app.options.sort_memory_bytes;
    options
}

/// The answer to lines that cannot be; the rest of them is counted.
fn refused(taken: Ingested) -> Problem {
    let count = taken.refused_count;
    let error = |refused: Refused| FieldError {
        line: Some(refused.line),
        ..FieldError::new(refused.field.unwrap_or_default(), refused.reason)
    };
    let errors = taken.refused.into_iter().map(error).collect();
    let detail = format!("{count} {} refused", if count == 1 { "line was" } else { "lines were" });
    Problem { errors, refused_count: Some(count), ..Problem::new(Code::RefusedMessages).detail(detail) }
}

/// What an input as a whole is refused for; what happened inside stays inside.
fn problem(error: LakeError) -> Problem {
    match error {
        LakeError::Input(InputError::TooLarge { what, limit_bytes }) => {
            let name = if what == "compressed" { "request_body_bytes" } else { "request_decompressed_bytes" };
            Problem::new(Code::BodyTooLarge).limit(name).detail(format!("it has more than {limit_bytes} bytes {what}"))
        }
        LakeError::Input(InputError::Read(_)) => Problem::new(Code::MalformedBody).detail("the body broke off"),
        LakeError::Input(error) => Problem::field("body", error.to_string()),
        error => hidden(&error, error.retryable()),
    }
}

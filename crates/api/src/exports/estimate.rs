//! `POST .../exports/estimate`: what an export would come to, before anything is done.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::owner::Owner;
use domain::request::Request;
use lake::table::plan::Plan;
use serde::Serialize;
use utoipa::ToSchema;

use super::create::shape;
use super::forecast::Forecast;
use super::party::Party;
use super::request::{ExportRequest, parse};
use crate::body::JsonBytes;
use crate::problem::{Code, Problem, hidden};
use crate::{App, MemberOf, SignedIn};

/// What an export would come to; a filter or a choice of columns can only make it less.
#[derive(Debug, Serialize, ToSchema)]
pub struct EstimateView {
    /// Rows.
    rows: u64,
    /// Bytes of CSV.
    bytes: u64,
    /// Bytes of the file as it is fetched.
    compressed_bytes: u64,
    /// How long one worker takes.
    seconds: u64,
    /// What it costs, where exports cost something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    price: Option<PriceView>,
}

/// A price.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceView {
    /// Decimal with two places.
    #[schema(example = "12.50")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
}

impl From<Forecast> for EstimateView {
    fn from(forecast: Forecast) -> Self {
        let price = |(amount, currency): (String, domain::membership::Currency)| PriceView {
            amount,
            currency: currency.as_str().to_owned(),
        };
        Self {
            rows: forecast.rows,
            bytes: forecast.bytes,
            compressed_bytes: forecast.compressed_bytes,
            seconds: forecast.seconds,
            price: forecast.price.map(price),
        }
    }
}

#[utoipa::path(
    post,
    path = "/v1/organisations/{org}/exports/estimate",
    tag = "exports",
    operation_id = "estimate_export",
    summary = "What an export of messages would come to",
    params(("org" = String, Path, description = "The organisation.")),
    request_body = ExportRequest,
    responses((status = 200, description = "The estimate.", body = EstimateView)),
    security(("access_token" = []))
)]
pub(super) async fn of_organisation(
    State(app): State<Arc<App>>,
    member: MemberOf,
    body: JsonBytes,
) -> Result<Json<EstimateView>, Problem> {
    run(&app, &member.into(), &body).await
}

#[utoipa::path(
    post,
    path = "/v1/me/exports/estimate",
    tag = "me",
    operation_id = "estimate_my_export",
    summary = "What an export of my memberships would come to",
    request_body(content = ExportRequest, example = json!({"dataset": "memberships"})),
    responses((status = 200, description = "The estimate.", body = EstimateView)),
    security(("access_token" = []))
)]
pub(super) async fn of_user(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    body: JsonBytes,
) -> Result<Json<EstimateView>, Problem> {
    run(&app, &signed_in.into(), &body).await
}

async fn run(app: &App, party: &Party, body: &JsonBytes) -> Result<Json<EstimateView>, Problem> {
    let request = parse(&party.owner, &body.parse()?, shape(app)).map_err(Problem::fields)?;
    let rates = app.options.rates_of(&party.owner);
    let forecast = match &party.owner {
        Owner::Organisation(_) => {
            let plan = plan(app, &party.owner, &request).await?;
            let span = request.range.as_ref().map(domain::calendar::DateRange::span);
            rates.of_messages(&plan, span.ok_or(Problem::new(Code::Internal))?, request.format)
        }
        Owner::User(user) => {
            let rows = app.ports.memberships.memberships_of(*user).await?.len() as u64;
            rates.of_memberships(rows, request.format)
        }
    };
    Ok(Json(forecast.into()))
}

/// Refuses an export over the limit, with the longest shorter one that would pass. Memberships have a limit of their own.
pub(super) async fn refuse_too_large(app: &App, owner: &Owner, request: &Request) -> Result<(), Problem> {
    let Some(range) = &request.range else { return Ok(()) };
    let (plan, limit_bytes) = (plan(app, owner, request).await?, app.limits().export_bytes_limit);
    let bytes = app.options.rates.of_messages(&plan, range.span(), request.format).bytes;
    if bytes <= limit_bytes {
        return Ok(());
    }
    let detail = format!("by estimate it has {bytes} bytes of CSV, the limit is {limit_bytes}");
    let problem = Problem::new(Code::ExportTooLarge).limit("export_bytes_limit").detail(detail);
    Err(match app.options.rates.shorter(&plan, request, limit_bytes) {
        Some(shorter) => {
            let request = serde_json::to_value(ExportRequest::from(&shorter));
            problem.would_pass(serde_json::json!({ "request": request.map_err(|error| hidden(&error, false))? }))
        }
        None => problem,
    })
}

/// What the table says now of the days of a request.
async fn plan(app: &App, owner: &Owner, request: &Request) -> Result<Plan, Problem> {
    let none = |snapshot_id| Plan { snapshot_id, days: Vec::new() };
    let days = request.range.as_ref().and_then(|range| range.span().utc_days());
    let (Owner::Organisation(slug), Some((first, last))) = (owner, days) else { return Ok(none(0)) };
    let planned = app.ports.lake.plan_now(slug, first, last).await;
    planned.map_err(|error: lake::LakeError| hidden(&error, error.retryable()))
}

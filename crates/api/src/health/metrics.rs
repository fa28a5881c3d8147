//! `GET /metrics`: the counts of this process, and what the job store counts.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use super::PATIENCE;
use crate::App;

/// The type of the OpenMetrics text format 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All counts; none names an organisation or a person.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operations", security(()),
    responses((status = 200, description = "Counts in the OpenMetrics text format", body = String,
        content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    // While the job store does not answer, what it counts is left out.
    let census = match tokio::time::timeout(PATIENCE, app.ports.jobs.census()).await {
        Ok(Ok(census)) => Some(census),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the job store did not count");
            None
        }
        Err(_) => {
            tracing::warn!(milliseconds = PATIENCE.as_millis(), "the job store did not count in time");
            None
        }
    };
    ([(CONTENT_TYPE, OPEN_METRICS)], app.metrics.text(census.as_ref()))
}

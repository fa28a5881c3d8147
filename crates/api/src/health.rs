//! What machines ask: alive, ready, counts, public keys.

mod jwks;
mod livez;
mod metrics;
mod readyz;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// How long each store has to answer. Whoever asks every two seconds gets an answer in between.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    of_any_process().routes(routes!(readyz::readyz)).routes(routes!(jwks::jwks))
}

/// What a worker alone answers: it is ready without what only requests need.
pub fn of_a_worker() -> Router<Arc<App>> {
    Router::from(of_any_process()).route("/readyz", get(readyz::of_a_worker))
}

fn of_any_process() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(livez::livez)).routes(routes!(metrics::metrics))
}

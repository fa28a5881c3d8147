//! What machines ask: alive, ready, counts, public keys.

mod jwks;
mod livez;
mod metrics;
mod readyz;

use std::sync::Arc;
use std::time::Duration;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// How long each store has to answer. Whoever asks every two seconds gets an answer in between.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    of_a_worker().routes(routes!(jwks::jwks))
}

/// Those that hold of a worker, too.
pub fn of_a_worker() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(livez::livez)).routes(routes!(readyz::readyz)).routes(routes!(metrics::metrics))
}

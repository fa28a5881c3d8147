//! Links to files and parts, and what they lead to.

mod body;
mod conditions;
mod fetch;
mod multipart;
mod range;
mod token;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

pub use token::{LinkClaims, Target};

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default().routes(routes!(fetch::fetch))
}

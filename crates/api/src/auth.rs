//! Signing in, staying signed in, signing out, and who one is.

mod hasher;
mod limits;
mod login;
mod logout;
mod pair;
mod refresh;
mod whoami;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

pub use hasher::Hasher;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(whoami::whoami))
}

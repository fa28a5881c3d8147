//! Who belongs to an organisation: any member sees it, an admin changes it.

mod add;
mod change;
mod list;
mod remove;
mod view;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list::list, add::add)).routes(routes!(change::change, remove::remove))
}

//! All routes, their documents, and what every request passes through.

use std::sync::Arc;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::problem::{Code, Problem};
use crate::{
    App, auth, docs, downloads, exports, health, members, memberships, messages, middleware, openapi as document, page,
};

/// The service: tests call it in process, [`serve`](crate::serve) puts it behind a listener.
pub fn router(app: Arc<App>) -> Router {
    let (documented, _) = documented().split_for_parts();
    let routes = documented
        .merge(docs::routes())
        .merge(Router::from(page::routes()))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed));
    middleware::around(routes, &app).with_state(app)
}

/// What a worker alone answers: nothing of people and exports.
pub(crate) fn operations(app: Arc<App>) -> Router {
    let routes = health::of_a_worker().fallback(async || Problem::not_found());
    let routes = routes.method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed));
    middleware::around(routes, &app).with_state(app)
}

/// The OpenAPI document, the same that is served.
pub fn openapi() -> OpenApi {
    document::finish(documented().into_openapi())
}

/// Everything that stands in the OpenAPI document.
fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(document::frame())
        .merge(auth::routes())
        .merge(members::routes())
        .merge(exports::routes())
        .merge(downloads::routes())
        .merge(messages::routes())
        .merge(memberships::routes())
        .merge(health::routes())
}

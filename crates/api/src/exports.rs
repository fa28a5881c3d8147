//! Exports of an organisation and of a user: asking, looking, fetching, removing. An endpoint's file holds both routes,
//! since they differ in nothing but whose export it is.

mod create;
mod estimate;
pub mod fetchable;
pub mod forecast;
mod get;
mod links;
mod list;
mod manifest;
mod parts;
pub mod party;
mod remove;
pub mod request;
mod retry;
pub mod view;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

pub(crate) use create::client_key;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    let organisation = OpenApiRouter::default()
        .routes(routes!(list::of_organisation, create::of_organisation))
        .routes(routes!(estimate::of_organisation))
        .routes(routes!(get::of_organisation, remove::of_organisation))
        .routes(routes!(retry::of_organisation))
        .routes(routes!(parts::of_organisation))
        .routes(routes!(manifest::of_organisation))
        .routes(routes!(links::of_organisation));
    organisation
        .routes(routes!(list::of_user, create::of_user))
        .routes(routes!(estimate::of_user))
        .routes(routes!(get::of_user, remove::of_user))
        .routes(routes!(retry::of_user))
        .routes(routes!(parts::of_user))
        .routes(routes!(manifest::of_user))
        .routes(routes!(links::of_user))
}

//! Ids in paths: one that cannot be is answered as one that is not there.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use domain::ids::{ExportId, Slug, UserId};

use crate::App;
use crate::problem::Problem;

/// A value with a place of its own in paths.
pub trait PathValue: FromStr {
    /// The name between the braces of the route.
    const NAME: &'static str;
}

impl PathValue for Slug {
    const NAME: &'static str = "org";
}

impl PathValue for UserId {
    const NAME: &'static str = "user";
}

impl PathValue for ExportId {
    const NAME: &'static str = "id";
}

/// The value of type `T` in the path. Put it behind the caller's extractor, so that a stranger learns nothing first.
#[derive(Clone, Debug)]
pub struct FromPath<T>(pub T);

impl<T: PathValue> FromRequestParts<Arc<App>> for FromPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Problem::not_found())?;
        let text = parameters.iter().find(|(name, _)| *name == T::NAME).map(|(_, text)| text.to_owned());
        text.and_then(|text| text.parse().ok()).map(Self).ok_or_else(Problem::not_found)
    }
}

//! The query of a list: where the page begins and how long it is.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::App;
use crate::cursor::{Cursor, CursorError};
use crate::problem::Problem;

/// What a list was asked.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// `next_cursor` of the page before; the first page without it.
    #[param(required = false, nullable = false)]
    cursor: Option<String>,
    /// Most items, from 1; as many as a page may hold without it.
    #[param(required = false, nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The query as text: a fault names its parameter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    cursor: Option<String>,
    limit: Option<String>,
}

impl FromRequestParts<Arc<App>> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Query(texts) = Query::<Texts>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::field("query", "knows 'cursor' and 'limit', each once"))?;
        let most = app.limits().page_items;
        let limit = texts.limit.map(|text| match text.parse::<u32>() {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(Problem::field("limit", format!("must be a number from 1 to {most}")).limit("page_items")),
        });
        Ok(Self { cursor: texts.cursor, limit: limit.transpose()? })
    }
}

impl Paging {
    /// Where the page begins, by a cursor of this list's own kind.
    pub fn place<T>(&self, own: impl FnOnce(Cursor) -> Result<T, CursorError>) -> Result<Option<T>, Problem> {
        let cursor = self.cursor.as_deref().map(|text| Cursor::decode(text).and_then(own));
        cursor.transpose().map_err(|error| Problem::field("cursor", error.to_string()))
    }

    /// Most items of the page.
    pub fn items(&self, app: &App) -> u32 {
        self.limit.unwrap_or(app.limits().page_items)
    }
}

//! Who may bring messages in: an organisation's own program, or one of its admins.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::audit::Actor;
use domain::ids::Slug;
use domain::people::Scope;

use super::{AdminOf, bearer};
use crate::App;
use crate::path::FromPath;
use crate::problem::{Code, Problem};
use crate::tokens::organisation;

/// Somebody who may bring messages into the organisation in the path.
#[derive(Clone, Debug)]
pub struct IngestCaller {
    /// The organisation in the path.
    pub organisation: Slug,
    /// As the audit trail names them.
    pub actor: Actor,
}

impl FromRequestParts<Arc<App>> for IngestCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let token = bearer::token(parts)?;
        if !token.starts_with(organisation::PREFIX) {
            let AdminOf(admin) = AdminOf::from_request_parts(parts, app).await?;
            return Ok(Self { actor: admin.actor(), organisation: admin.organisation });
        }
        let known = organisation::verify(app, token).await?.ok_or(Problem::new(Code::Unauthenticated))?;
        let FromPath(organisation) = FromPath::<Slug>::from_request_parts(parts, app).await?;
        if known.organisation != organisation {
            return Err(Problem::not_found());
        }
        if !known.scopes.contains(&Scope::MessagesWrite) {
            return Err(Problem::new(Code::Forbidden).detail("the token needs the scope messages:write"));
        }
        Ok(Self { organisation, actor: Actor::Token(known.id) })
    }
}

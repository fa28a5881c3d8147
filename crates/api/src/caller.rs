//! Who asks: extractors that say it or answer for the handler.

mod bearer;
mod ingest;
mod member;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::audit::Actor;
use domain::ids::UserId;
use domain::people::UserState;

use crate::App;
use crate::problem::{Code, Problem};
use crate::tokens::access::Claims;

pub use ingest::IngestCaller;
pub use member::{AdminOf, MemberOf};

/// A user with a valid access token who is active at this moment.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// What the token says; roles in it are those of its issue.
    pub claims: Claims,
}

impl SignedIn {
    /// As the audit trail names them.
    pub const fn actor(&self) -> Actor {
        Actor::User(self.user)
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let claims = bearer::claims(parts, app)?;
        let user = app.ports.directory.user(claims.user).await?;
        if user.is_none_or(|user| user.state != UserState::Active) {
            return Err(Problem::new(Code::Unauthenticated));
        }
        Ok(Self { user: claims.user, claims })
    }
}

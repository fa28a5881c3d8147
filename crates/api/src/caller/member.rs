//! Members and admins of the organisation in the path, by what the directory says now.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::audit::Actor;
use domain::ids::{Slug, UserId};
use domain::owner::Owner;
use domain::people::Role;

use super::bearer;
use crate::App;
use crate::path::FromPath;
use crate::problem::{Code, Problem};

/// A member of the organisation in the path; for anybody else it is not there.
#[derive(Clone, Debug)]
pub struct MemberOf {
    /// The organisation in the path.
    pub organisation: Slug,
    /// Who asks.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
}

impl MemberOf {
    /// As the audit trail names them.
    pub const fn actor(&self) -> Actor {
        Actor::User(self.user)
    }

    /// The organisation as an owner.
    pub fn owner(&self) -> Owner {
        Owner::Organisation(self.organisation.clone())
    }
}

impl FromRequestParts<Arc<App>> for MemberOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let user = bearer::claims(parts, app)?.user;
        let FromPath(organisation) = FromPath::<Slug>::from_request_parts(parts, app).await?;
        let role = app.ports.directory.role(&organisation, user).await?.ok_or_else(Problem::not_found)?;
        Ok(Self { organisation, user, role })
    }
}

/// An admin of the organisation in the path; a member is refused, for anybody else it is not there.
#[derive(Clone, Debug)]
pub struct AdminOf(pub MemberOf);

impl FromRequestParts<Arc<App>> for AdminOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let member = MemberOf::from_request_parts(parts, app).await?;
        if member.role != Role::Admin {
            return Err(Problem::new(Code::Forbidden).detail("only an admin of the organisation may do this"));
        }
        Ok(Self(member))
    }
}

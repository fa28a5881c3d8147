//! The OpenAPI document: its frame, and what holds for every operation.

mod answers;

use utoipa::openapi::security::{Http, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::problem::{FieldError, ProblemDocument};

const DESCRIPTION: &str = "Exports of an organisation's messages and of a person's memberships. Sign in at \
    `POST /v1/auth/login`, then send the access token with each request.";

/// The document before any operation.
pub(crate) fn frame() -> OpenApi {
    let users = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let users = users.description(Some("The `access_token` of `POST /v1/auth/login`."));
    let mut programs = Http::new(HttpAuthScheme::Bearer);
    programs.description =
        Some("A token of an organisation's own, `oht_...`, made with `outhaul token create`.".to_owned());
    let components = ComponentsBuilder::new()
        .schema(ProblemDocument::name(), ProblemDocument::schema())
        .schema(FieldError::name(), FieldError::schema())
        .security_scheme("access_token", SecurityScheme::Http(users.build()))
        .security_scheme("organisation_token", SecurityScheme::Http(programs));
    let info = InfoBuilder::new()
        .title("Outhaul")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
    OpenApiBuilder::new().info(info.build()).components(Some(components.build())).build()
}

/// The document with the answers that every operation of its kind may give.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete, &mut item.head];
        for operation in operations.into_iter().flatten() {
            answers::complete(path, operation);
        }
    }
    document
}

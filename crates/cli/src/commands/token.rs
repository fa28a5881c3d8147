//! `outhaul token`: tokens with which an organisation's own programs come.

use anyhow::anyhow;
use api::tokens::organisation;
use domain::audit::Action;
use domain::ids::{Slug, TokenId};
use domain::people::Scope;
use serde::Serialize;
use stores::OrganisationToken;

use super::trail;
use crate::args::people;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::Report;
use crate::wiring::Installation;

#[derive(Serialize)]
struct Made {
    id: String,
    organisation: String,
    scopes: Vec<&'static str>,
    token: String,
}

#[derive(Serialize)]
struct Revoked {
    id: String,
    organisation: String,
    revoked: bool,
}

/// Makes or revokes.
pub async fn run(config: &Config, args: people::Token, report: &Report) -> Result<Exit, Failure> {
    let installation = Installation::open(config).await?;
    match args {
        people::Token::Create { slug, scopes } => create(&installation, &slug, &scopes, report).await,
        people::Token::Revoke { slug, id } => revoke(&installation, &slug, id, report).await,
    }
}

/// The token goes to stdout, also with `-q`, since it is never shown again; its id goes to stderr.
async fn create(installation: &Installation, slug: &Slug, scopes: &[Scope], report: &Report) -> Result<Exit, Failure> {
    installation.organisation(slug).await?;
    let created_at = installation.clock.now();
    let id = TokenId::new(created_at, installation.random.as_ref());
    let mut secret = [0; 32];
    installation.random.fill(&mut secret);
    let token = OrganisationToken {
        id,
        organisation: slug.clone(),
        scopes: scopes.iter().copied().collect(),
        secret_sha256: organisation::secret_sha256(&secret),
        created_at,
    };
    if !installation.directory.create_token(&token).await? {
        return Err(Failure::new(Exit::NotFound, anyhow!("organisation {slug} is not there")));
    }
    trail::operator(installation, slug, Action::TokenCreated, id.to_string()).await?;
    let text = organisation::text(id, &secret);
    if !report.is_json() {
        report.say(format!("token {id} of {slug}, shown this once:"));
        report.data(&text);
        return Ok(Exit::Done);
    }
    let scopes = token.scopes.iter().map(|scope| scope.name()).collect();
    let made = Made { id: id.to_string(), organisation: slug.to_string(), scopes, token: text };
    report.result(&made, String::new);
    Ok(Exit::Done)
}

async fn revoke(installation: &Installation, slug: &Slug, id: TokenId, report: &Report) -> Result<Exit, Failure> {
    installation.organisation(slug).await?;
    if !installation.directory.revoke_token(slug, id).await? {
        return Err(Failure::new(Exit::NotFound, anyhow!("{slug} has no token {id}")));
    }
    trail::operator(installation, slug, Action::TokenRevoked, id.to_string()).await?;
    let revoked = Revoked { id: id.to_string(), organisation: slug.to_string(), revoked: true };
    report.result(&revoked, || format!("token {id} of {slug} is revoked"));
    Ok(Exit::Done)
}

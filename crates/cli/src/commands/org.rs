//! `outhaul org`: organisations.

use anyhow::anyhow;
use domain::audit::Action;
use serde::Serialize;

use super::trail;
use crate::args;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::Report;
use crate::wiring::Installation;

#[derive(Serialize)]
struct Output {
    slug: String,
    created: bool,
}

/// Creates an organisation; one that is there already is a failure, so that nobody mistakes it for theirs.
pub async fn run(config: &Config, args: args::Org, report: &Report) -> Result<Exit, Failure> {
    let args::Org::Create { slug } = args;
    let installation = Installation::open(config).await?;
    if !installation.directory.create_organisation(&slug).await? {
        return Err(anyhow!("organisation {slug} is already there").into());
    }
    trail::operator(&installation, &slug, Action::OrganisationCreated, slug.to_string()).await?;
    report.result(&Output { slug: slug.to_string(), created: true }, || format!("created organisation {slug}"));
    Ok(Exit::Done)
}

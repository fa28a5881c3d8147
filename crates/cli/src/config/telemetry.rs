//! `[telemetry]`: where spans go.

use serde::{Deserialize, Serialize};

use super::is_origin;
use crate::exit::Failure;

/// Where spans go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Where an OpenTelemetry collector takes spans by OTLP over HTTP; empty for none.
    pub traces_url: String,
}

impl Telemetry {
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.traces_url.is_empty() || is_origin(&self.traces_url) {
            true => Ok(()),
            false => Err(Failure::usage("telemetry.traces_url must be http:// or https://, a host and a path")),
        }
    }
}

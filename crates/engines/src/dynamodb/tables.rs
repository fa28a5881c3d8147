//! Names for the tables of one test.

use std::sync::OnceLock;

use super::{DynamoDbLocal, Ministack};
use crate::{left_out, programs::Engine, random};

/// Endpoint of the DynamoDB Local that the test command runs.
const SHARED_LOCAL: &str = "OUTHAUL_TEST_DYNAMODB";
/// Endpoint of its ministack.
const SHARED_MINISTACK: &str = "OUTHAUL_TEST_MINISTACK";

/// A server, and what the names of one test's tables begin with. The tables go with the server.
#[derive(Clone, Debug)]
pub struct Tables {
    endpoint: String,
    prefix: String,
}

impl Tables {
    /// On the DynamoDB Local of the test command, else on one that is started once for this process.
    pub fn local() -> Option<Self> {
        static OF_THIS_PROCESS: OnceLock<Option<DynamoDbLocal>> = OnceLock::new();
        let endpoint = std::env::var(SHARED_LOCAL).ok();
        let endpoint = endpoint
            .or_else(|| OF_THIS_PROCESS.get_or_init(DynamoDbLocal::start).as_ref().map(DynamoDbLocal::endpoint));
        Self::at(endpoint, Engine::DynamoDbLocal)
    }

    /// The same on ministack.
    pub fn ministack() -> Option<Self> {
        static OF_THIS_PROCESS: OnceLock<Option<Ministack>> = OnceLock::new();
        let endpoint = std::env::var(SHARED_MINISTACK).ok();
        let endpoint =
            endpoint.or_else(|| OF_THIS_PROCESS.get_or_init(Ministack::start).as_ref().map(Ministack::endpoint));
        Self::at(endpoint, Engine::Ministack)
    }

    /// On a server of the test's own.
    pub fn on(endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), prefix: format!("test-{}", &random::word()[..16]) }
    }

    fn at(endpoint: Option<String>, engine: Engine) -> Option<Self> {
        if endpoint.is_none() {
            left_out(engine.name());
        }
        endpoint.map(Self::on)
    }

    /// `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What nobody else's tables begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The region that signatures name.
    pub fn region(&self) -> &'static str {
        "us-east-1"
    }

    /// Who may do everything. The emulators look at no signature; ministack takes this name for the account of everybody.
    pub fn access_key(&self) -> &'static str {
        "test"
    }

    /// The key that signs.
    pub fn secret_key(&self) -> &'static str {
        "test"
    }
}

//! A warehouse of one test: what SeaweedFS keeps as a table bucket, behind its Iceberg REST catalog.

use std::sync::OnceLock;

use super::bucket::SHARED;
use super::client;
use super::seaweedfs::SeaweedFs;
use super::signature::Keys;
use crate::programs::Engine;
use crate::{left_out, random};

/// The catalog of the S3 server that the test command runs.
const CATALOG: &str = "OUTHAUL_TEST_CATALOG";

/// A warehouse without a table; it goes with its server.
#[derive(Debug)]
pub struct Warehouse {
    catalog: String,
    keys: Keys,
    name: String,
}

impl Warehouse {
    /// One on the server of the test command, else on one that is started once for this process.
    pub fn fresh() -> Option<Self> {
        let [endpoint, access_key, secret_key] = SHARED.map(std::env::var);
        if let (Ok(endpoint), Ok(access_key), Ok(secret_key), Ok(catalog)) =
            (endpoint, access_key, secret_key, std::env::var(CATALOG))
        {
            let keys = Keys { access_key, secret_key, region: "us-east-1".to_owned() };
            return Some(Self::make(&endpoint, catalog, keys));
        }
        static OF_THIS_PROCESS: OnceLock<Option<SeaweedFs>> = OnceLock::new();
        match OF_THIS_PROCESS.get_or_init(SeaweedFs::start) {
            Some(server) => Some(server.warehouse()),
            None => {
                left_out(Engine::SeaweedFs.name());
                None
            }
        }
    }

    pub(super) fn make(endpoint: &str, catalog: String, keys: Keys) -> Self {
        let name = format!("test-{}", &random::word()[..20]);
        let body = format!("{{\"name\":\"{name}\"}}");
        // Amazon S3 Tables API reference, "CreateTableBucket". It is told from a bucket of S3 by what signatures are for.
        let headers = ["Content-Type: application/json"];
        let made = client::ask_for("s3tables", endpoint, &keys, "PUT", "/buckets", &headers, body.as_bytes());
        let made = made.unwrap_or_else(|error| panic!("a warehouse was not made: {error}"));
        assert!(
            made.status == 200,
            "a warehouse was not made: {} {}",
            made.status,
            String::from_utf8_lossy(&made.body)
        );
        Self { catalog, keys, name }
    }

    /// The catalog's address, `http://127.0.0.1:port`.
    pub fn catalog(&self) -> &str {
        &self.catalog
    }

    /// The warehouse as the catalog names it.
    pub fn name(&self) -> String {
        format!("s3://{}", self.name)
    }

    /// The id that clients sign in with.
    pub fn client_id(&self) -> &str {
        &self.keys.access_key
    }

    /// What proves it.
    pub fn client_secret(&self) -> &str {
        &self.keys.secret_key
    }
}

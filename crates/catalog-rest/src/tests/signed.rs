//! Requests that are signed instead of carrying a token, on a server that compares signatures.

use aws::{Credentials, Place};

use super::*;

impl World {
    fn signed(&self, secret: &str) -> RestCatalog {
        let mut place = Place::new("us-east-1");
        place.credentials = Credentials::Keys {
            access_key: self.warehouse.client_id().to_owned(),
            secret_key: Secret::new(secret),
            session_token: None,
        };
        let access = Access::Signed { place, service: "s3tables".to_owned() };
        self.catalog_with(RestOptions { access, ..self.options() })
    }
}

async fn empty() -> Option<(RestCatalog, World)> {
    let world = World::fresh()?;
    Some((world.signed(world.warehouse.client_secret()), world))
}

lake::catalog_contract!(empty);

/// The clock of these tests is weeks off, so the server's own is what makes the first pass.
#[tokio::test]
async fn another_key_is_refused() {
    let Some(world) = World::fresh() else { return };
    let doctor = async |secret: &str| world.signed(secret).check(&clock()).await;
    let findings = doctor("another").await;
    assert!(findings.iter().any(|finding| finding.verdict == Verdict::Fail), "{findings:?}");
    let findings = doctor(world.warehouse.client_secret()).await;
    assert!(findings.iter().all(|finding| finding.verdict != Verdict::Fail), "{findings:?}");
}

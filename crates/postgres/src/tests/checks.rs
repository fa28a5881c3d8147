//! What a doctor finds.

use domain::finding::{Finding, Verdict};

use super::*;
use crate::check;

static STATIC: Schema = SCHEMA;

impl World {
    async fn findings(&self, options: &PostgresOptions) -> Vec<Finding> {
        check(&open(options), &STATIC, &clock()).await
    }
}

fn verdict(findings: &[Finding], what: &str) -> Verdict {
    findings.iter().find(|finding| finding.what == format!("postgres {what}")).expect("it was asked").verdict
}

#[tokio::test]
async fn a_doctor_finds_what_is_wrong() {
    let Some(world) = World::fresh().await else { return };
    let findings = world.findings(&world.options()).await;
    for what in ["reachable", "version", "synchronous_commit", "role", "schema", "row security", "pool"] {
        assert_eq!(verdict(&findings, what), Verdict::Ok, "{findings:?}");
    }
    // The clock of this test stands in 2023.
    assert_eq!(verdict(&findings, "clock"), Verdict::Warn);

    world.engine.sql("ALTER TABLE trial.notes NO FORCE ROW LEVEL SECURITY; CREATE TABLE trial.forgotten (i int)");
    let findings = world.findings(&world.options()).await;
    let text = &findings.iter().find(|finding| finding.what == "postgres row security").unwrap().text;
    assert_eq!(
        (verdict(&findings, "row security"), text.as_str()),
        (Verdict::Fail, "is not forced on forgotten, notes")
    );

    let findings = world.findings(&world.owner()).await;
    assert_eq!(verdict(&findings, "role"), Verdict::Fail, "the owner must not serve: {findings:?}");
    let findings = world.findings(&world.engine.url_of_superuser().parse().unwrap()).await;
    assert_eq!(verdict(&findings, "role"), Verdict::Fail);

    world.engine.sql("DROP SCHEMA trial CASCADE");
    assert_eq!(verdict(&world.findings(&world.options()).await, "schema"), Verdict::Fail);

    let nobody = behind("127.0.0.1:1", world.service.url());
    let findings = world.findings(&nobody).await;
    assert_eq!((findings.len(), findings[0].verdict), (1, Verdict::Fail));
    assert!(!findings[0].text.contains(world.service.password()));
}

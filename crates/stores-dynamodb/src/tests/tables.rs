//! Tables are made once, compared ever after, and looked at by the doctor.

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use domain::finding::{Finding, Verdict};

use super::*;
use crate::migrate;
use crate::tables::{ACCOUNTS, ALL, AUDIT};

async fn migrated(tables: &Tables) -> Result<Vec<String>, stores::StoreError> {
    migrate(&options(tables), Arc::new(ManualClock::at(NOON)), random()).await
}

#[tokio::test]
async fn tables_are_made_once() {
    for tables in [Tables::local(), Tables::ministack()].into_iter().flatten() {
        let first = migrated(&tables).await.unwrap();
        assert_eq!(first.len(), ALL.len());
        assert!(first.iter().all(|line| line.contains(": made")), "{first:?}");
        let second = migrated(&tables).await.unwrap();
        assert!(second.iter().all(|line| line.ends_with(": as it should be")), "{second:?}");
    }
}

#[tokio::test]
async fn a_table_with_other_keys_is_left_as_it_is() {
    let Some(tables) = Tables::local() else { return };
    let stores = another(&options(&tables), &Arc::new(ManualClock::at(NOON)), &Limits::default()).await;
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let kind = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let create = stores.db.client.create_table().table_name(stores.db.name(&ACCOUNTS)).key_schema(key);
    let create = create.attribute_definitions(kind.build().unwrap()).billing_mode(BillingMode::PayPerRequest);
    create.send().await.unwrap();
    let error = migrated(&tables).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    let expected = format!("{}-accounts has the keys id, and not pk and sk; it is left as it is", tables.prefix());
    assert_eq!((source, error.retryable()), (expected, false));
    let finding = table_findings(stores.check().await);
    assert_eq!(finding, [Verdict::Ok, Verdict::Fail, Verdict::Fail]);
}

fn table_findings(findings: Vec<Finding>) -> Vec<Verdict> {
    findings.into_iter().filter(|finding| finding.what == "dynamodb table").map(|finding| finding.verdict).collect()
}

/// Nothing is found where all is well, but what the server does not have.
#[tokio::test]
async fn a_doctor_looks_at_all_tables() {
    for tables in [Tables::local(), Tables::ministack()].into_iter().flatten() {
        let is_local = tables.endpoint() == Tables::local().map_or(String::new(), |local| local.endpoint().to_owned());
        let stores = another(&options(&tables), &Arc::new(ManualClock::at(NOON)), &Limits::default()).await;
        let before = stores.check().await;
        assert_eq!(table_findings(before), [Verdict::Fail; 3]);
        migrated(&tables).await.unwrap();
        let findings = stores.check().await;
        for finding in &findings {
            let expected = match finding.what {
                "dynamodb clock" => Verdict::Warn,
                "dynamodb recovery" if is_local => Verdict::Warn,
                _ => Verdict::Ok,
            };
            assert_eq!(finding.verdict, expected, "{finding:?}");
        }
        let count = |what| findings.iter().filter(|finding| finding.what == what).count();
        assert_eq!((count("dynamodb removal"), count("dynamodb rights"), count("dynamodb table")), (2, 1, 3));
        // It has left nothing behind.
        let (left, _) = stores.db.scan(&AUDIT, None).await.unwrap();
        assert_eq!(left.len(), 0);
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_one_finding() {
    let Some(tables) = Tables::local() else { return };
    let mut options = options(&tables);
    options.place.endpoint = Some("http://127.0.0.1:9".to_owned());
    let stores = another(&options, &Arc::new(ManualClock::at(NOON)), &Limits::default()).await;
    let findings = stores.check().await;
    assert_eq!((findings[0].what, findings[0].verdict), ("dynamodb reachable", Verdict::Fail));
    assert_eq!(findings.len(), 2);
}

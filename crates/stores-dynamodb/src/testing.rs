//! Tables of a test's own on either emulator, and what all tests of this crate need.

use std::sync::Arc;
use std::time::Duration;

use aws::Credentials;
use aws_sdk_dynamodb::types::TimeToLiveSpecification;
use domain::clock::Clock;
use domain::limits::Limits;
use domain::random::{Generator, Random};
use domain::secret::Secret;
use engines::Tables;
use rand_chacha::ChaCha8Rng;

use crate::tables::{self, TTL, Table};
use crate::{DynamoOptions, DynamoStores, migrate};

/// How a test gets to its tables.
pub(crate) fn options(tables: &Tables) -> DynamoOptions {
    let mut options = DynamoOptions::new(tables.prefix(), tables.region());
    options.place.endpoint = Some(tables.endpoint().to_owned());
    options.place.credentials = Credentials::Keys {
        access_key: tables.access_key().to_owned(),
        secret_key: Secret::new(tables.secret_key()),
        session_token: None,
    };
    options.tries.first_wait = Duration::from_millis(5);
    options.tries.deadline = Duration::from_secs(20);
    options
}

pub(crate) fn random() -> Arc<dyn Random> {
    Arc::new(Generator::<ChaCha8Rng>::seeded(1))
}

/// Stores in tables that were just made.
pub(crate) async fn open(of: Tables, clock: Arc<dyn Clock>, limits: Limits) -> (Tables, DynamoStores) {
    let options = options(&of);
    migrate(&options, Arc::clone(&clock), random()).await.expect("tables are made");
    let stores = DynamoStores::open(&options, limits, clock, random()).await.expect("good options");
    for table in tables::ALL.into_iter().filter(|table| table.has_ttl) {
        keep_what_is_over(&stores, &table).await;
    }
    (of, stores)
}

/// The clocks of tests stand years ago, and ministack removes what is over by its own clock, once a minute.
async fn keep_what_is_over(stores: &DynamoStores, table: &Table) {
    let off = TimeToLiveSpecification::builder().enabled(false).attribute_name(TTL).build().expect("a name");
    let ask = stores.db.client.update_time_to_live().table_name(stores.db.name(table));
    ask.time_to_live_specification(off).send().await.expect("it is switched off");
}

//! The contract on both emulators, and what is particular to DynamoDB.

use std::sync::Arc;

use domain::clock::Clock;
use domain::limits::Limits;
use engines::Tables;

use crate::DynamoStores;
use crate::testing::open;

async fn local(clock: Arc<dyn Clock>, limits: Limits) -> (Tables, DynamoStores) {
    open(Tables::local().expect("looked for before"), clock, limits).await
}

mod on_dynamodb_local {
    use super::*;

    stores::jobs_contract!(local, if Tables::local().is_some());
}

mod on_ministack {
    use super::*;

    async fn ministack(clock: Arc<dyn Clock>, limits: Limits) -> (Tables, DynamoStores) {
        open(Tables::ministack().expect("looked for before"), clock, limits).await
    }

    stores::jobs_contract!(ministack, if Tables::ministack().is_some());
}

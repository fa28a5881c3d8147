//! The client: all calls of data to DynamoDB are made here.

mod capacity;
mod query;
mod write;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws::{Calls, NoTryNumbers, ServerTime};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use domain::clock::Clock;
use domain::random::Random;

pub use self::capacity::Capacity;
use self::capacity::Meter;
pub(crate) use self::query::Query;
pub(crate) use self::write::{Change, Condition, TRANSACTION_LIMIT, Update};
use crate::DynamoOptions;
use crate::error::DynamoError;
use crate::item::{Item, Key};
use crate::tables::Table;

/// Most items of one BatchGetItem.
const GET_LIMIT: usize = 100;

/// The tables behind the ports. Each call is tried at most so often as the options say, each try with a deadline; the SDK's own
/// repeats are off.
#[derive(Clone)]
pub(crate) struct Db {
    pub(crate) client: Client,
    pub(crate) calls: Calls,
    prefix: Arc<str>,
    meter: Arc<Meter>,
}

/// Each call says what it used.
const TOTAL: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;

impl Db {
    /// A client; nothing is asked of the server yet.
    pub(crate) async fn new(options: &DynamoOptions, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let time = ServerTime::new(clock);
        let config = Builder::from(&options.place.config(&time).await);
        let config = config.interceptor(time.clone()).interceptor(NoTryNumbers);
        Self {
            client: Client::from_conf(config.build()),
            calls: Calls { tries: options.tries, random, time },
            prefix: options.prefix.as_str().into(),
            meter: Arc::default(),
        }
    }

    /// What all calls of this client and its clones have used so far.
    pub(crate) fn capacity(&self) -> Capacity {
        self.meter.read_off()
    }

    pub(crate) fn name(&self, table: &Table) -> String {
        table.full_name(&self.prefix)
    }

    /// Makes a call until it succeeds, fails for good, or is out of tries.
    pub(crate) async fn call<T, F>(&self, call: &'static str, mut attempt: impl FnMut() -> F) -> Result<T, DynamoError>
    where
        F: Future<Output = Result<T, DynamoError>>,
    {
        self.calls.make(call, 0, |_| attempt()).await
    }

    /// One item, read consistently.
    pub(crate) async fn get(&self, table: &Table, key: &Key) -> Result<Option<Item>, DynamoError> {
        let get = || async {
            let ask = self.client.get_item().table_name(self.name(table)).set_key(Some(key.item()));
            let answer = ask.consistent_read(true).return_consumed_capacity(TOTAL).send().await;
            answer.map_err(|error| DynamoError::of("GetItem", error))
        };
        let answer = self.call("GetItem", get).await?;
        self.meter.read(answer.consumed_capacity());
        Ok(answer.item)
    }

    /// Those of the items that are there, read consistently.
    pub(crate) async fn get_all(&self, table: &Table, keys: &[Key]) -> Result<HashMap<Key, Item>, DynamoError> {
        let mut found = HashMap::new();
        for keys in keys.chunks(GET_LIMIT) {
            let mut left = keys.iter().map(Key::item).collect::<Vec<_>>();
            // What one answer has no room for is asked for again.
            while !left.is_empty() {
                let (items, rest) = self.call("BatchGetItem", || self.get_once(table, &left)).await?;
                let items = items.into_iter().filter_map(|item| Some((Key::of(&item).ok()?, item)));
                found.extend(items);
                left = rest;
            }
        }
        Ok(found)
    }

    async fn get_once(&self, table: &Table, keys: &[Item]) -> Result<(Vec<Item>, Vec<Item>), DynamoError> {
        let unfit = |what: String| DynamoError::Unfit { call: "BatchGetItem", what };
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys.to_vec())).consistent_read(true).build();
        let wanted = wanted.map_err(|error| unfit(error.to_string()))?;
        let name = self.name(table);
        let ask = self.client.batch_get_item().request_items(&name, wanted).return_consumed_capacity(TOTAL);
        let answer = ask.send().await.map_err(|error| DynamoError::of("BatchGetItem", error))?;
        self.meter.read(answer.consumed_capacity());
        let items = answer.responses.and_then(|mut of| of.remove(&name)).unwrap_or_default();
        let rest = answer.unprocessed_keys.and_then(|mut of| of.remove(&name)).map_or(Vec::new(), |rest| rest.keys);
        if items.is_empty() && rest.len() == keys.len() {
            // Nothing at all was read: that is a refusal, to be met with patience.
            return Err(DynamoError::busy("BatchGetItem"));
        }
        Ok((items, rest))
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

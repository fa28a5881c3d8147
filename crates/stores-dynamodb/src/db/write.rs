//! Writing: several items or none, each on a condition; and one item alone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, DeleteRequest, Put, TransactWriteItem, WriteRequest,
};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Db, TOTAL};
use crate::error::{DynamoError, TRANSACT};
use crate::failpoint;
use crate::item::{Item, Key, Read, number};
use crate::tables::Table;

/// Most items of one transaction.
pub(crate) const TRANSACTION_LIMIT: usize = 100;
/// Most items that one BatchWriteItem removes.
const REMOVE_LIMIT: usize = 25;
/// Single writes that are under way at once.
const AT_ONCE: usize = 16;
/// The attribute that says which transaction wrote an item last.
const MARK: &str = "mark";

/// One item of a transaction.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Writes it whole; its `v` is set one further.
    Put(Item, Condition),
    /// Removes it.
    Delete(Key, Condition),
    /// Leaves it, and everything else too where the condition does not hold.
    Check(Key, Condition),
}

/// What must hold of an item for it to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// It is not there.
    Absent,
    /// Nobody has written it since this version was read.
    Version(u64),
    /// It is there with this in an attribute.
    Is(&'static str, AttributeValue),
}

/// A change of some attributes of one item.
#[derive(Clone, Debug, Default)]
pub(crate) struct Update {
    pub(crate) expression: &'static str,
    pub(crate) condition: &'static str,
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
}

impl Condition {
    /// For an item as it was read.
    pub(crate) fn unchanged(read: Option<&Item>) -> Self {
        let version = |item: &Item| Read::new(item, "an item").number("v").unwrap_or(0);
        read.map_or(Self::Absent, |item| Self::Version(version(item)))
    }

    fn expression(&self) -> String {
        match self {
            Self::Absent => "attribute_not_exists(pk)".to_owned(),
            Self::Version(_) => "v = :is".to_owned(),
            Self::Is(name, _) => format!("{name} = :is"),
        }
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let value = match self {
            Self::Absent => return None,
            Self::Version(version) => number(version),
            Self::Is(_, value) => value.clone(),
        };
        Some(HashMap::from([(":is".to_owned(), value)]))
    }

    fn next_version(&self) -> u64 {
        match self {
            Self::Version(version) => version.saturating_add(1),
            Self::Absent | Self::Is(..) => 1,
        }
    }
}

impl Db {
    /// Writes all or nothing; `false` where a condition does not hold or another write was under way: the caller reads again.
    ///
    /// An answer that is lost is no matter: each item that is put carries a mark of this write, by which it is found to be
    /// done when it is made again. DynamoDB's own tokens are good for ten minutes and one client, and are not relied on.
    pub(crate) async fn commit(&self, table: &Table, changes: &[Change]) -> Result<bool, DynamoError> {
        if changes.len() > TRANSACTION_LIMIT {
            let what = format!("{} items in one write, {TRANSACTION_LIMIT} is the most", changes.len());
            return Err(DynamoError::Unfit { call: TRANSACT, what });
        }
        let mark = self.mark();
        let items = self.items(table, changes, &mark)?;
        let may_be_done = AtomicBool::new(false);
        let write = || async {
            // Who is not heard of any more may have done it; who refuses has not.
            let was_before = may_be_done.swap(true, Ordering::Relaxed);
            let ask = self.client.transact_write_items().set_transact_items(Some(items.clone()));
            let sent = ask.return_consumed_capacity(TOTAL).send().await;
            sent.map(|done| self.meter.wrote(done.consumed_capacity())).map_err(|error| {
                let error = DynamoError::of_transaction(error);
                may_be_done.store(was_before || error.may_be_done(), Ordering::Relaxed);
                error
            })
        };
        failpoint::before();
        let written = self.call(TRANSACT, write).await;
        failpoint::after();
        let Err(error) = written else { return Ok(true) };
        if may_be_done.into_inner() && self.carries(table, changes, &mark).await? {
            return Ok(true);
        }
        match error {
            DynamoError::Condition { .. } | DynamoError::Conflict { .. } => Ok(false),
            error => Err(error),
        }
    }

    /// Whether one of the items still says that this write was the last.
    async fn carries(&self, table: &Table, changes: &[Change], mark: &[u8]) -> Result<bool, DynamoError> {
        let put = |change: &Change| match change {
            Change::Put(item, _) => Key::of(item).ok(),
            Change::Delete(..) | Change::Check(..) => None,
        };
        let keys: Vec<_> = changes.iter().filter_map(put).collect();
        let found = self.get_all(table, &keys).await?;
        let is_ours = |item: &Item| item.get(MARK) == Some(&AttributeValue::B(Blob::new(mark)));
        Ok(found.values().any(is_ours))
    }

    fn mark(&self) -> [u8; 16] {
        let mut mark = [0; 16];
        self.calls.random.fill(&mut mark);
        mark
    }

    fn items(&self, table: &Table, changes: &[Change], mark: &[u8]) -> Result<Vec<TransactWriteItem>, DynamoError> {
        let table = self.name(table);
        let unfit = |error: BuildError| DynamoError::Unfit { call: TRANSACT, what: error.to_string() };
        changes.iter().map(|change| change.item(&table, mark).map_err(unfit)).collect()
    }

    /// Puts an item on a condition; `false` where it does not hold.
    pub(crate) async fn put(&self, table: &Table, item: &Item, condition: &Condition) -> Result<bool, DynamoError> {
        let call = "PutItem";
        let put = || async {
            let ask = self.client.put_item().table_name(self.name(table)).set_item(Some(item.clone()));
            let ask = ask.condition_expression(condition.expression());
            let ask = ask.set_expression_attribute_values(condition.values());
            let sent = ask.return_consumed_capacity(TOTAL).send().await;
            sent.map(|done| self.meter.wrote(done.consumed_capacity())).map_err(|error| DynamoError::of(call, error))
        };
        failpoint::before();
        let put = self.call(call, put).await;
        failpoint::after();
        holds(put)
    }

    /// Changes some attributes of an item; `false` where its condition does not hold.
    pub(crate) async fn update(&self, table: &Table, key: &Key, update: &Update) -> Result<bool, DynamoError> {
        let call = "UpdateItem";
        let change = || async {
            let mut ask = self.client.update_item().table_name(self.name(table)).set_key(Some(key.item()));
            for (name, value) in &update.values {
                ask = ask.expression_attribute_values(*name, value.clone());
            }
            let ask = ask.update_expression(update.expression).condition_expression(update.condition);
            let sent = ask.return_consumed_capacity(TOTAL).send().await;
            sent.map(|done| self.meter.wrote(done.consumed_capacity())).map_err(|error| DynamoError::of(call, error))
        };
        failpoint::before();
        let changed = self.call(call, change).await;
        failpoint::after();
        holds(changed)
    }

    /// Changes many items, some at once; says in the same order whether each condition held.
    pub(crate) async fn update_all(&self, table: &Table, updates: &[(Key, Update)]) -> Result<Vec<bool>, DynamoError> {
        let each: Vec<_> = updates.iter().map(|(key, update)| self.update(table, key, update)).collect();
        stream::iter(each).buffered(AT_ONCE).try_collect().await
    }

    /// Removes items, whatever they hold.
    pub(crate) async fn remove_all(&self, table: &Table, keys: &[Key]) -> Result<(), DynamoError> {
        let each: Vec<_> = keys.chunks(REMOVE_LIMIT).map(|keys| self.remove_some(table, keys)).collect();
        stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn remove_some(&self, table: &Table, keys: &[Key]) -> Result<(), DynamoError> {
        let call = "BatchWriteItem";
        let unfit = |error: BuildError| DynamoError::Unfit { call, what: error.to_string() };
        let request = |key: &Key| {
            let delete = DeleteRequest::builder().set_key(Some(key.item())).build();
            delete.map(|delete| WriteRequest::builder().delete_request(delete).build())
        };
        let requests: Vec<_> = keys.iter().map(request).collect::<Result<_, _>>().map_err(unfit)?;
        let remove = || async {
            let ask = self.client.batch_write_item().request_items(self.name(table), requests.clone());
            let answer = ask.return_consumed_capacity(TOTAL).send().await;
            let answer = answer.map_err(|error| DynamoError::of(call, error))?;
            self.meter.wrote(answer.consumed_capacity());
            // Removing twice is removing once, so all are named again.
            match answer.unprocessed_items.is_none_or(|left| left.is_empty()) {
                true => Ok(()),
                false => Err(DynamoError::busy(call)),
            }
        };
        failpoint::before();
        let removed = self.call(call, remove).await;
        failpoint::after();
        removed
    }
}

impl Change {
    fn item(&self, table: &str, mark: &[u8]) -> Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(put, condition) => {
                let mut put = put.clone();
                put.insert("v".to_owned(), number(condition.next_version()));
                put.insert(MARK.to_owned(), AttributeValue::B(Blob::new(mark)));
                let put = Put::builder().table_name(table).set_item(Some(put));
                let put = put.condition_expression(condition.expression());
                item.put(put.set_expression_attribute_values(condition.values()).build()?).build()
            }
            Self::Delete(key, condition) => {
                let delete = Delete::builder().table_name(table).set_key(Some(key.item()));
                let delete = delete.condition_expression(condition.expression());
                item.delete(delete.set_expression_attribute_values(condition.values()).build()?).build()
            }
            Self::Check(key, condition) => {
                let check = ConditionCheck::builder().table_name(table).set_key(Some(key.item()));
                let check = check.condition_expression(condition.expression());
                item.condition_check(check.set_expression_attribute_values(condition.values()).build()?).build()
            }
        })
    }
}

/// A condition that does not hold is an answer.
fn holds(written: Result<(), DynamoError>) -> Result<bool, DynamoError> {
    match written {
        Ok(()) => Ok(true),
        Err(DynamoError::Condition { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

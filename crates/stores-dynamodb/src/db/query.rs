//! Reading items that stand together, page by page.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use futures::future::try_join_all;

use super::{Db, TOTAL};
use crate::error::DynamoError;
use crate::item::{Item, Key, number, text};
use crate::tables::{Index, KEYS, SHELF, SHELVES, Table, shelf};

/// Items of one first key, in the order of the second.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    table: Table,
    index: Option<Index>,
    first: String,
    range: Option<(AttributeValue, AttributeValue)>,
    is_backward: bool,
    keys_only: bool,
}

impl Query {
    /// Of the table itself: second keys from `from` to `to`, both included.
    pub(crate) fn range(table: Table, first: impl Into<String>, from: &str, to: &str) -> Self {
        let range = Some((text(from), text(to)));
        Self { table, index: None, first: first.into(), range, is_backward: false, keys_only: false }
    }

    /// Of an index: times from `from` to `to`, both included.
    pub(crate) fn index(table: Table, index: Index, first: impl Into<String>, from: i64, to: i64) -> Self {
        let range = Some((number(from), number(to)));
        Self { table, index: Some(index), first: first.into(), range, is_backward: false, keys_only: false }
    }

    /// The last first.
    pub(crate) fn backward(self) -> Self {
        Self { is_backward: true, ..self }
    }

    /// Nothing but the items' keys.
    pub(crate) fn keys_only(self) -> Self {
        Self { keys_only: true, ..self }
    }

    fn names(&self) -> (&'static str, &'static str) {
        self.index.map_or((KEYS[0], KEYS[1]), |index| (index.first, index.second))
    }
}

impl Db {
    /// At most `most` items, from as many pages as that takes; read consistently, but for an index of the whole table.
    pub(crate) async fn query(&self, query: &Query, most: usize) -> Result<Vec<Item>, DynamoError> {
        let (mut items, mut next) = (Vec::new(), None);
        while items.len() < most {
            let room = most - items.len();
            let page = self.call("Query", || self.page(query, room, next.clone())).await?;
            self.meter.read(page.consumed_capacity());
            items.extend(page.items.unwrap_or_default());
            next = page.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        self.complete(query, items).await
    }

    /// What lies on all shelves of a kind until a time, on each the earliest `most`.
    pub(crate) async fn shelves(
        &self,
        table: Table,
        kind: &str,
        until: i64,
        most: usize,
    ) -> Result<Vec<Item>, DynamoError> {
        let one = |number| async move {
            let query = Query::index(table, SHELF, shelf(kind, number), i64::MIN, until);
            self.query(&query, most).await
        };
        let found = try_join_all((0..SHELVES).map(one)).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// One page of everything in a table, and where the next one begins.
    pub(crate) async fn scan(
        &self,
        table: &Table,
        after: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), DynamoError> {
        let call = "Scan";
        let page = || async {
            let ask = self.client.scan().table_name(self.name(table)).set_exclusive_start_key(after.clone());
            ask.consistent_read(true).send().await.map_err(|error| DynamoError::of(call, error))
        };
        let page = self.call(call, page).await?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key))
    }

    async fn page(
        &self,
        query: &Query,
        room: usize,
        after: Option<HashMap<String, AttributeValue>>,
    ) -> Result<QueryOutput, DynamoError> {
        let (first, second) = query.names();
        let is_global = query.index.is_some_and(|index| !index.is_local);
        let mut ask = self
            .client
            .query()
            .table_name(self.name(&query.table))
            .set_index_name(query.index.map(|index| index.name.to_owned()))
            .consistent_read(!is_global)
            .scan_index_forward(!query.is_backward)
            .limit(i32::try_from(room).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after)
            .return_consumed_capacity(TOTAL)
            .expression_attribute_values(":first", text(&query.first));
        ask = match &query.range {
            Some((from, to)) => ask
                .key_condition_expression(format!("{first} = :first AND {second} BETWEEN :from AND :to"))
                .expression_attribute_values(":from", from.clone())
                .expression_attribute_values(":to", to.clone()),
            None => ask.key_condition_expression(format!("{first} = :first")),
        };
        if query.keys_only {
            ask = ask.projection_expression(KEYS.join(", "));
        } else if query.index.is_some_and(|index| index.is_local) {
            // A local index fetches what it does not hold, by the same call.
            ask = ask.select(Select::AllAttributes);
        }
        ask.send().await.map_err(|error| DynamoError::of("Query", error))
    }

    /// Not every server fetches what a local index does not hold: then that takes a call more. Each item of ours has a version.
    async fn complete(&self, query: &Query, items: Vec<Item>) -> Result<Vec<Item>, DynamoError> {
        let is_whole = query.keys_only || !query.index.is_some_and(|index| index.is_local);
        if is_whole || items.iter().all(|item| item.contains_key("v")) {
            return Ok(items);
        }
        let keys: Vec<_> = items.iter().filter_map(|item| Key::of(item).ok()).collect();
        let mut whole = self.get_all(&query.table, &keys).await?;
        Ok(keys.iter().filter_map(|key| whole.remove(key)).collect())
    }
}

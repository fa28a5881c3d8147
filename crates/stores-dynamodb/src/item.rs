//! Items: written and read by the names of their attributes.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use stores::StoreError;
use stores::error::Cause;

use crate::error::corrupt;

/// One item as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Most bytes of an item that is written; DynamoDB takes 400 KiB.
pub(crate) const ITEM_LIMIT_BYTES: usize = 400_000;

/// Under which an item lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(crate) fn item(&self) -> Item {
        Write::new(self).item()
    }

    /// The key of an item.
    pub(crate) fn of(item: &Item) -> Result<Self, StoreError> {
        let read = Read::new(item, "an item");
        Ok(Self::new(read.text("pk")?, read.text("sk")?))
    }
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// An item in the making.
pub(crate) struct Write(Item);

impl Write {
    pub(crate) fn new(key: &Key) -> Self {
        Self(Item::new()).text("pk", &key.pk).text("sk", &key.sk)
    }

    /// With what is left of an item that was read, whoever put it there.
    pub(crate) fn over(mut self, item: &Item) -> Self {
        for (name, value) in item {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    pub(crate) fn text(self, name: &str, value: impl Into<String>) -> Self {
        self.value(name, text(value))
    }

    pub(crate) fn number(self, name: &str, value: impl Display) -> Self {
        self.value(name, number(value))
    }

    pub(crate) fn bytes(self, name: &str, value: &[u8]) -> Self {
        self.value(name, AttributeValue::B(Blob::new(value)))
    }

    /// No attribute for `None`.
    pub(crate) fn maybe<T>(self, name: &str, value: Option<T>, write: impl FnOnce(Self, &str, T) -> Self) -> Self {
        match value {
            Some(value) => write(self, name, value),
            None => self,
        }
    }

    pub(crate) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn item(self) -> Item {
        self.0
    }
}

/// An item that was read; an attribute that is not as it should be makes it corrupt.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a> {
    item: &'a Item,
    what: &'a str,
}

impl<'a> Read<'a> {
    pub(crate) fn new(item: &'a Item, what: &'a str) -> Self {
        Self { item, what }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.item.contains_key(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, StoreError> {
        let value = self.get(name)?;
        value.as_s().map(String::as_str).map_err(|_| self.wrong(name, "is no text"))
    }

    pub(crate) fn parsed<T: FromStr<Err: Into<Cause>>>(&self, name: &str) -> Result<T, StoreError> {
        self.text(name)?.parse().map_err(|error: T::Err| corrupt(self.what, error))
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<T, StoreError> {
        let value = self.get(name)?.as_n().map_err(|_| self.wrong(name, "is no number"))?;
        value.parse().map_err(|_| self.wrong(name, "is no number that fits"))
    }

    pub(crate) fn bytes<const N: usize>(&self, name: &str) -> Result<[u8; N], StoreError> {
        let value = self.get(name)?.as_b().map_err(|_| self.wrong(name, "is not binary"))?;
        value.as_ref().try_into().map_err(|_| self.wrong(name, "has another length"))
    }

    /// `None` where there is no such attribute.
    pub(crate) fn maybe<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self, &str) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if self.has(name) { read(self, name).map(Some) } else { Ok(None) }
    }

    pub(crate) fn get(&self, name: &str) -> Result<&'a AttributeValue, StoreError> {
        self.item.get(name).ok_or_else(|| self.wrong(name, "is missing"))
    }

    fn wrong(&self, name: &str, how: &str) -> StoreError {
        corrupt(self.what, format!("its attribute {name} {how}"))
    }
}

/// How large the server takes an item to be, at least: names and values.
pub(crate) fn size_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::M(map) => size_bytes(map),
        _ => 1,
    }
}

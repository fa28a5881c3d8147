//! Making the tables, for `outhaul migrate`: what is there already is compared and never changed, but for what it lacks.

use std::sync::Arc;
use std::time::Duration;

use aws::OptionError;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex,
    PointInTimeRecoverySpecification, PointInTimeRecoveryStatus, Projection, ProjectionType, ScalarAttributeType,
    TableDescription, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};
use domain::clock::Clock;
use domain::random::Random;
use stores::StoreError;

use crate::db::Db;
use crate::error::{DynamoError, failed, refused};
use crate::options::DynamoOptions;
use crate::tables::{ALL, Index, KEYS, TTL, Table};

/// Looks until a new table is there: AWS takes some seconds.
const LOOKS: u32 = 120;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Brings all tables to what this program needs, and says in words what was done to each.
///
/// # Errors
/// An option that cannot be; a table of the same name with other keys or indexes, which is left as it is.
pub async fn migrate(
    options: &DynamoOptions,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<Vec<String>, StoreError> {
    options.check().map_err(|error: OptionError| refused("make the tables", error))?;
    let db = Db::new(options, clock, random).await;
    let mut done = Vec::new();
    for table in ALL {
        done.push(db.bring_up(&table).await?);
    }
    Ok(done)
}

impl Db {
    /// What the server says of a table; `None` where there is none.
    pub(crate) async fn describe(&self, table: &Table) -> Result<Option<TableDescription>, DynamoError> {
        let call = "DescribeTable";
        let describe = || async {
            let told = self.client.describe_table().table_name(self.name(table)).send().await;
            told.map_err(|error| DynamoError::of(call, error))
        };
        match self.call(call, describe).await {
            Ok(told) => Ok(told.table),
            Err(DynamoError::NoTable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn bring_up(&self, table: &Table) -> Result<String, StoreError> {
        let name = self.name(table);
        let mut done = Vec::new();
        if self.describe(table).await.map_err(failed("look at a table"))?.is_none() {
            self.create(table).await.map_err(failed("make a table"))?;
            done.push("made");
        }
        let there = self.wait_for(table).await?;
        if let Some(difference) = difference(table, &there) {
            return Err(refused("use a table", format!("{name} {difference}; it is left as it is")));
        }
        if table.has_ttl && self.ttl_of(table).await.map_err(failed("look at a table"))?.is_none() {
            self.switch_ttl_on(table).await.map_err(failed("switch the removal of old items on"))?;
            done.push("old items are removed");
        }
        if self.is_recoverable(table).await.map_err(failed("look at a table"))? == Some(false) {
            self.switch_recovery_on_in_time(table).await?;
            done.push("can be restored to any second");
        }
        Ok(format!("{name}: {}", if done.is_empty() { "as it should be".to_owned() } else { done.join(", ") }))
    }

    async fn create(&self, table: &Table) -> Result<(), DynamoError> {
        let call = "CreateTable";
        let create = || async {
            let unfit = |error: BuildError| DynamoError::Unfit { call, what: error.to_string() };
            let (locals, globals) = indexes(table).map_err(unfit)?;
            let some = |length: usize| length > 0;
            let ask = self.client.create_table().table_name(self.name(table)).billing_mode(BillingMode::PayPerRequest);
            let ask = ask.set_key_schema(Some(keys(KEYS[0], KEYS[1]).map_err(unfit)?));
            let ask = ask.set_attribute_definitions(Some(attributes(table).map_err(unfit)?));
            let ask = ask.set_local_secondary_indexes(some(locals.len()).then_some(locals));
            let ask = ask.set_global_secondary_indexes(some(globals.len()).then_some(globals));
            match ask.send().await {
                // Another process makes it, or the answer to our first try was lost.
                Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
                made => made.map(drop).map_err(|error| DynamoError::of(call, error)),
            }
        };
        self.call(call, create).await
    }

    async fn wait_for(&self, table: &Table) -> Result<TableDescription, StoreError> {
        for _ in 0..LOOKS {
            let there = self.describe(table).await.map_err(failed("look at a table"))?;
            let is_ready = |table: &TableDescription| table.table_status == Some(TableStatus::Active);
            if let Some(there) = there.filter(is_ready) {
                return Ok(there);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        let source = format!("{} does not get ready", self.name(table)).into();
        Err(StoreError::Unavailable { doing: "make a table", source })
    }

    /// By which attribute items are removed, if they are.
    pub(crate) async fn ttl_of(&self, table: &Table) -> Result<Option<String>, DynamoError> {
        let call = "DescribeTimeToLive";
        let describe = || async {
            let told = self.client.describe_time_to_live().table_name(self.name(table)).send().await;
            told.map_err(|error| DynamoError::of(call, error))
        };
        let told = self.call(call, describe).await?.time_to_live_description;
        let is_on =
            |status: &TimeToLiveStatus| matches!(status, TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling);
        Ok(told
            .filter(|told| told.time_to_live_status.as_ref().is_some_and(is_on))
            .and_then(|told| told.attribute_name))
    }

    async fn switch_ttl_on(&self, table: &Table) -> Result<(), DynamoError> {
        let call = "UpdateTimeToLive";
        let switch = || async {
            let unfit = |error: BuildError| DynamoError::Unfit { call, what: error.to_string() };
            let how = TimeToLiveSpecification::builder().enabled(true).attribute_name(TTL).build().map_err(unfit)?;
            let ask = self.client.update_time_to_live().table_name(self.name(table)).time_to_live_specification(how);
            ask.send().await.map(drop).map_err(|error| DynamoError::of(call, error))
        };
        self.call(call, switch).await
    }

    /// Whether the table can be restored to any second; `None` where the server has no such thing.
    pub(crate) async fn is_recoverable(&self, table: &Table) -> Result<Option<bool>, DynamoError> {
        let call = "DescribeContinuousBackups";
        let describe = || async {
            let told = self.client.describe_continuous_backups().table_name(self.name(table)).send().await;
            match told {
                Err(error) if error.code() == Some("UnknownOperationException") => Ok(None),
                told => told.map(Some).map_err(|error| DynamoError::of(call, error)),
            }
        };
        let Some(told) = self.call(call, describe).await? else { return Ok(None) };
        let recovery = told.continuous_backups_description.and_then(|told| told.point_in_time_recovery_description);
        let status = recovery.and_then(|told| told.point_in_time_recovery_status);
        Ok(Some(status == Some(PointInTimeRecoveryStatus::Enabled)))
    }

    /// A table that was just made is not ready for it for some seconds.
    async fn switch_recovery_on_in_time(&self, table: &Table) -> Result<(), StoreError> {
        for _ in 0..LOOKS {
            match self.switch_recovery_on(table).await {
                Err(DynamoError::Refused { code, .. }) if code == "ContinuousBackupsUnavailableException" => {}
                switched => return switched.map_err(failed("switch recovery on")),
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        let source = format!("{} does not get ready", self.name(table)).into();
        Err(StoreError::Unavailable { doing: "switch recovery on", source })
    }

    async fn switch_recovery_on(&self, table: &Table) -> Result<(), DynamoError> {
        let call = "UpdateContinuousBackups";
        let switch = || async {
            let unfit = |error: BuildError| DynamoError::Unfit { call, what: error.to_string() };
            let how = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true);
            let how = how.build().map_err(unfit)?;
            let ask = self.client.update_continuous_backups().table_name(self.name(table));
            let switched = ask.point_in_time_recovery_specification(how).send().await;
            switched.map(drop).map_err(|error| DynamoError::of(call, error))
        };
        self.call(call, switch).await
    }
}

/// How a table that is there is another one than it should be.
pub(crate) fn difference(table: &Table, there: &TableDescription) -> Option<String> {
    let found = named(there.key_schema());
    if found != KEYS {
        return Some(format!("has the keys {}, and not {}", found.join(" and "), KEYS.join(" and ")));
    }
    for index in table.indexes {
        let local = there.local_secondary_indexes().iter().filter(|_| index.is_local);
        let local = local.map(|found| (found.index_name(), named(found.key_schema()), found.projection()));
        let global = there.global_secondary_indexes().iter().filter(|_| !index.is_local);
        let global = global.map(|found| (found.index_name(), named(found.key_schema()), found.projection()));
        let Some((_, keys, projection)) = local.chain(global).find(|(name, ..)| *name == Some(index.name)) else {
            return Some(format!("has no index {} of its kind", index.name));
        };
        if keys != [index.first, index.second] {
            return Some(format!("has an index {} with the keys {}", index.name, keys.join(" and ")));
        }
        let holds = |name: &&str| {
            projection.is_some_and(|projection| {
                projection.projection_type() == Some(&ProjectionType::All)
                    || projection.non_key_attributes().iter().any(|held| held == name)
            })
        };
        if let Some(lacking) = index.holds.iter().find(|name| !holds(name)) {
            return Some(format!("has an index {} that does not hold {lacking}", index.name));
        }
    }
    None
}

/// The names of keys, the first one first.
fn named(schema: &[KeySchemaElement]) -> Vec<&str> {
    let of =
        |kind: KeyType| schema.iter().filter(move |key| key.key_type == kind).map(KeySchemaElement::attribute_name);
    of(KeyType::Hash).chain(of(KeyType::Range)).collect()
}

fn keys(first: &str, second: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![key(first, KeyType::Hash)?, key(second, KeyType::Range)?])
}

/// The attributes that are keys of the table or of an index.
fn attributes(table: &Table) -> Result<Vec<AttributeDefinition>, BuildError> {
    let own = KEYS.map(|name| (name, ScalarAttributeType::S));
    let of_index = |index: &Index| [(index.first, ScalarAttributeType::S), (index.second, ScalarAttributeType::N)];
    let mut all: Vec<_> = own.into_iter().chain(table.indexes.iter().flat_map(of_index)).collect();
    all.sort_by_key(|(name, _)| *name);
    all.dedup_by_key(|(name, _)| *name);
    let definition = |(name, kind)| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
    all.into_iter().map(definition).collect()
}

type Indexes = (Vec<LocalSecondaryIndex>, Vec<GlobalSecondaryIndex>);

fn indexes(table: &Table) -> Result<Indexes, BuildError> {
    let (mut locals, mut globals) = (Vec::new(), Vec::new());
    for index in table.indexes {
        let (keys, projection) = (Some(keys(index.first, index.second)?), projection(index));
        if index.is_local {
            let local = LocalSecondaryIndex::builder().index_name(index.name).set_key_schema(keys);
            locals.push(local.projection(projection).build()?);
        } else {
            let global = GlobalSecondaryIndex::builder().index_name(index.name).set_key_schema(keys);
            globals.push(global.projection(projection).build()?);
        }
    }
    Ok((locals, globals))
}

fn projection(index: &Index) -> Projection {
    match index.holds {
        [] => Projection::builder().projection_type(ProjectionType::KeysOnly).build(),
        held => {
            let held = held.iter().map(|name| (*name).to_owned()).collect();
            let projection = Projection::builder().projection_type(ProjectionType::Include);
            projection.set_non_key_attributes(Some(held)).build()
        }
    }
}

//! How a commit is made, and how it is found out what came of one.

use iceberg::TableUpdate;
use iceberg::spec::MAIN_BRANCH;
use lake::catalog::{Commit, Swapped, TABLE, TableChange};
use serde_json::{Value, json};

use crate::body::{self, NewCommit, NewNamespace, NewTable};
use crate::catalog::RestCatalog;
use crate::client::Client;
use crate::error::RestError;
use crate::options::TablePlace;
use crate::table::{self, Table};
use crate::{fence, records};

/// How often a commit is sent whose answer is lost and that is not there.
const TRIES: u32 = 3;

/// What is known of a commit that was sent.
enum Sent {
    /// It is made.
    Made,
    /// It can no longer be made.
    Refused,
}

impl RestCatalog {
    /// Makes the table with its first snapshot. `false` if somebody else did.
    pub(crate) async fn make_table(&self, commit: &Commit) -> Result<bool, RestError> {
        make_namespace(&self.client).await?;
        make_bare(&self.client, &commit.change).await?;
        let gone = || RestError::Garbled { call: "create table", why: "the table is not there".to_owned() };
        let table = table::load(&self.client).await?.ok_or_else(gone)?;
        if table.metadata.current_snapshot().is_some() {
            return Ok(self.find(&table, commit.staging.id()).is_some());
        }
        let uuid = json!({"type": "assert-table-uuid", "uuid": table.metadata.uuid()});
        let bare = json!({"type": "assert-ref-snapshot-id", "ref": MAIN_BRANCH, "snapshot-id": null});
        let is_first = |update: &&TableUpdate| {
            matches!(update, TableUpdate::AddSnapshot { .. } | TableUpdate::SetSnapshotRef { .. })
        };
        let updates = commit.change.updates.iter().filter(is_first).map(written).collect::<Result<Vec<_>, _>>()?;
        let sent = self.send(&table, commit, vec![uuid, bare], updates).await?;
        Ok(matches!(sent, Sent::Made))
    }

    /// Makes a commit behind the version at `from`.
    pub(crate) async fn swap_from(&self, from: &str, commit: &Commit) -> Result<Swapped, RestError> {
        let Some(table) = table::load(&self.client).await? else { return Ok(Swapped::Lost) };
        // The answer to an earlier call may have been lost.
        if let Some(record) = self.find(&table, commit.staging.id()) {
            return Ok(Swapped::Won(record.snapshot_id));
        }
        if let Some(new) = &commit.batch
            && let Some(known) = self.find_batch(&table, &records::digest(&new.key)).await?
        {
            return Ok(Swapped::Known(known));
        }
        if table.location != from {
            return Ok(Swapped::Lost);
        }
        self.hand_on(&table).await?;
        let requirements = commit.change.requirements.iter().map(written).collect::<Result<Vec<_>, _>>()?;
        let updates = commit.change.updates.iter().map(written).collect::<Result<Vec<_>, _>>()?;
        match self.send(&table, commit, requirements, updates).await? {
            Sent::Made => Ok(Swapped::Won(commit.attempt)),
            Sent::Refused => Ok(Swapped::Lost),
        }
    }

    /// Sends a commit until it is made or refused. It may be sent again: only one of them can find what they all require.
    async fn send(
        &self,
        table: &Table,
        commit: &Commit,
        mut requirements: Vec<Value>,
        mut updates: Vec<Value>,
    ) -> Result<Sent, RestError> {
        requirements.push(fence::requirement(commit.staging.id()));
        updates.iter_mut().for_each(|update| remember(update, commit, table));
        updates.extend(fence::lifted(&table.fences, commit.at));
        let body = NewCommit { requirements, updates };
        let mut number = 0;
        loop {
            let answer = self.client.change(&table::path(&self.client), &body).await;
            let error = match answer {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(Sent::Made),
                Ok(answer) => body::refused(&answer),
                Err(error) => error,
            };
            let is_lost = matches!(error, RestError::Answered { status: 409, .. });
            if !is_lost && !error.is_open() {
                return Err(error);
            }
            let now = table::load(&self.client).await?;
            if now.is_some_and(|now| self.find(&now, commit.staging.id()).is_some()) {
                return Ok(Sent::Made);
            }
            if is_lost {
                return Ok(Sent::Refused);
            }
            number += 1;
            if number == TRIES {
                return Err(error);
            }
            self.client.wait(number).await;
        }
    }
}

async fn make_namespace(client: &Client) -> Result<(), RestError> {
    let namespace = [client.options.namespace.as_str()];
    let answer = client.get(&format!("namespaces/{}", namespace[0])).await?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let answer = client.make("namespaces", &NewNamespace { namespace, properties: Default::default() }).await?;
    made(&answer)
}

/// Makes the table without a snapshot, unless it is there.
async fn make_bare(client: &Client, change: &TableChange) -> Result<(), RestError> {
    use TableUpdate::{AddSchema, AddSortOrder, AddSpec, SetLocation, SetProperties};
    let location = part(change, |update| if let SetLocation { location } = update { Some(location) } else { None })?;
    let schema = part(change, |update| if let AddSchema { schema } = update { Some(schema) } else { None })?;
    let partition_spec = part(change, |update| if let AddSpec { spec } = update { Some(spec) } else { None })?;
    let write_order =
        part(change, |update| if let AddSortOrder { sort_order } = update { Some(sort_order) } else { None })?;
    let set = part(change, |update| if let SetProperties { updates } = update { Some(updates) } else { None })?;
    let mut properties = set.clone();
    properties.insert("format-version".to_owned(), "2".to_owned());
    if client.options.place == TablePlace::Catalog {
        properties.insert("write.data.path".to_owned(), format!("{location}/data"));
        properties.insert("write.metadata.path".to_owned(), format!("{location}/metadata"));
    }
    let location = (client.options.place == TablePlace::Lake).then_some(location.as_str());
    let new = NewTable { name: TABLE, location, schema, partition_spec, write_order, stage_create: false, properties };
    made(&client.make(&table::tables(client), &new).await?)
}

/// The first update of the first commit that is of a kind.
fn part<'a, T>(
    change: &'a TableChange,
    of_kind: impl Fn(&'a TableUpdate) -> Option<&'a T>,
) -> Result<&'a T, RestError> {
    let missing =
        || RestError::Garbled { call: "create table", why: "the first commit does not make a table".to_owned() };
    change.updates.iter().find_map(of_kind).ok_or_else(missing)
}

/// What is there already was made, too.
fn made(answer: &crate::http::Answer) -> Result<(), RestError> {
    match answer.status {
        200..300 | 409 => Ok(()),
        _ => Err(body::refused(answer)),
    }
}

fn written(part: &impl serde::Serialize) -> Result<Value, RestError> {
    serde_json::to_value(part).map_err(|error| body::garbled("a commit", &error))
}

/// Adds to a new snapshot what is to be remembered of its commit. Its time is not behind that of the server, which else would
/// date its next change before it, and not before the table's last change.
fn remember(update: &mut Value, commit: &Commit, table: &Table) {
    let Some(snapshot) = update.get_mut("snapshot") else { return };
    let ours = snapshot["timestamp-ms"].as_i64().unwrap_or_default();
    let at = table.server_ms.map_or(ours, |server_ms| ours.min(server_ms));
    snapshot["timestamp-ms"] = at.max(table.metadata.last_updated_ms()).into();
    for (name, value) in records::properties(commit) {
        snapshot["summary"][name] = value.into();
    }
}

//! The table as the catalog has it now.

use std::sync::Arc;

use domain::ids::IngestId;
use iceberg::spec::{MAIN_BRANCH, Snapshot, TableMetadataRef};
use lake::catalog::{TABLE, commit_of};

use crate::body::{self, Loaded};
use crate::client::Client;
use crate::error::RestError;
use crate::fence;

/// The table as the catalog has it now.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub location: String,
    pub metadata: TableMetadataRef,
    /// The names of references that fence commits off.
    pub fences: Vec<String>,
    /// What the time is at the server (milliseconds), as far as it says so.
    pub server_ms: Option<i64>,
}

/// The path of the table.
pub(crate) fn path(client: &Client) -> String {
    format!("{}/{TABLE}", tables(client))
}

/// The path of the tables of our namespace.
pub(crate) fn tables(client: &Client) -> String {
    format!("namespaces/{}/tables", client.options.namespace)
}

/// The table, or `None` where there is none.
pub(crate) async fn load(client: &Client) -> Result<Option<Table>, RestError> {
    const CALL: &str = "load table";
    let answer = client.get(&path(client)).await?;
    if answer.status == 404 {
        return Ok(None);
    }
    let loaded: Loaded = body::read(CALL, &answer)?;
    let (metadata, references) = body::metadata(&loaded)?;
    let missing = || RestError::Garbled { call: CALL, why: "it names no location of the metadata".to_owned() };
    let location = loaded.metadata_location.ok_or_else(missing)?;
    let fences = references.refs.into_keys().filter(|name| fence::is_one(name)).collect();
    Ok(Some(Table { location, metadata: Arc::new(metadata), fences, server_ms: answer.server_ms() }))
}

impl Table {
    /// Whether a commit can no longer be made.
    pub fn is_fenced(&self, id: IngestId) -> bool {
        self.fences.contains(&fence::name(id))
    }

    /// The newest commit of ours, from the current snapshot on backwards.
    pub fn newest_of_ours(&self) -> Option<&Snapshot> {
        let mut at = self.metadata.snapshot_for_ref(MAIN_BRANCH);
        while let Some(snapshot) = at {
            if commit_of(snapshot).is_some() {
                return Some(snapshot);
            }
            at = snapshot.parent_snapshot_id().and_then(|id| self.metadata.snapshot_by_id(id));
        }
        None
    }
}

//! What was read for a write, and what it lacks.

use std::collections::{BTreeSet, HashMap};

use domain::ids::ExportId;

use crate::item::{Item, Key};

/// What was read for one write. An item that was looked for and is not there is `None`.
#[derive(Default)]
pub(super) struct Reads {
    pub(super) items: HashMap<Key, Option<Item>>,
    /// The exports that are due.
    pub(super) due: Option<Vec<Key>>,
    /// The steps of an export that have a holder.
    pub(super) held: HashMap<ExportId, Vec<Item>>,
    /// What the export says of steps that nobody has claimed is not believed, and their items are looked for.
    pub(super) doubts: bool,
}

/// What a rule asked for that was not read.
#[derive(Debug, Default)]
pub(super) struct Missing {
    pub(super) items: BTreeSet<Key>,
    pub(super) due: bool,
    pub(super) held: Option<ExportId>,
}

impl Missing {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && !self.due && self.held.is_none()
    }
}

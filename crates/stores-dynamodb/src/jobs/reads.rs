//! What was read for a write, and what it lacks.

use std::collections::{BTreeSet, HashMap};

use domain::ids::ExportId;

use crate::item::{Item, Key};

/// An export, or one of its lanes.
pub(super) type HeldBy = (ExportId, Option<u32>);

/// What was read for one write. An item that was looked for and is not there is `None`.
#[derive(Default)]
pub(super) struct Reads {
    pub(super) items: HashMap<Key, Option<Item>>,
    /// The exports that are due.
    pub(super) due: Option<Vec<Key>>,
    /// The steps that have a holder.
    pub(super) held: HashMap<HeldBy, Vec<Item>>,
    /// What the export says of steps that nobody has claimed is not believed, and their items are looked for.
    pub(super) doubts: bool,
}

/// What a rule asked for that was not read.
#[derive(Debug, Default)]
pub(super) struct Missing {
    pub(super) items: BTreeSet<Key>,
    pub(super) due: bool,
    /// Whose holders are looked for, and the first keys under which their steps lie.
    pub(super) held: Option<(HeldBy, Vec<String>)>,
}

impl Missing {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && !self.due && self.held.is_none()
    }
}

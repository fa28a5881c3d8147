//! The tables as data: what `outhaul migrate` makes, a doctor expects, and a template of an account must say.

/// What the keys of every table are called: all of its items that are read together share the first.
pub const KEYS: [&str; 2] = ["pk", "sk"];
/// The attribute by which DynamoDB removes an item (seconds since 1970), where a table has it.
pub const TTL: &str = "ttl";

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// What its name ends with, behind the prefix and a hyphen.
    pub name: &'static str,
    /// Its indexes.
    pub indexes: &'static [Index],
    /// Whether items with [`TTL`] are removed in time.
    pub has_ttl: bool,
}

/// One index of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Whether it holds items of one first key together, and is read consistently, or is one of the whole table.
    pub is_local: bool,
    /// The attribute that is its first key: text.
    pub first: &'static str,
    /// The attribute that is its second key: a number. An item without it is not in the index.
    pub second: &'static str,
    /// What it holds beside keys.
    pub holds: &'static [&'static str],
}

/// What is open of one owner or one export: exports by the time at which they are due, steps that somebody holds by the time
/// of their claim. Keys only, so that what changes without these times, as a heartbeat, does not touch it.
pub const OPEN: Index = Index { name: "open", is_local: true, first: "pk", second: "open_at", holds: &[] };

/// What is looked for over all owners, each kind spread over [`SHELVES`] keys: exports that are due or over, owners with what
/// they have, logins that run out.
pub const SHELF: Index =
    Index { name: "shelf", is_local: false, first: "shelf", second: "shelf_at", holds: &["record_version", "counts"] };

/// How many keys each kind of thing is spread over.
pub const SHELVES: u32 = 16;

/// Exports, their steps, the clients' keys, the counters.
pub const JOBS: Table = Table { name: "jobs", indexes: &[OPEN, SHELF], has_ttl: true };

/// People's accounts and logins.
pub const ACCOUNTS: Table = Table { name: "accounts", indexes: &[Index { holds: &[], ..SHELF }], has_ttl: true };

/// The audit trail, only ever added to.
pub const AUDIT: Table = Table { name: "audit", indexes: &[], has_ttl: false };

/// All tables.
pub const ALL: [Table; 3] = [JOBS, ACCOUNTS, AUDIT];

impl Table {
    /// Its whole name.
    pub fn full_name(&self, prefix: &str) -> String {
        format!("{prefix}-{}", self.name)
    }
}

/// The shelf of a kind for something with this hash.
pub(crate) fn shelf(kind: &str, hash: u32) -> String {
    format!("{kind}#{:02}", hash % SHELVES)
}

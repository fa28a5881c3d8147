//! What a PostgreSQL schema of ours holds: its migrations, its tables, and who may do what with them.

/// One schema: a set of tables that an adapter owns, with a version of its own.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Its name: plain letters and `_`.
    pub name: &'static str,
    /// Each brings it from one version to the next; its version is how many it has had.
    pub migrations: &'static [Migration],
    /// Every table but [`VERSIONS`].
    pub tables: &'static [Table],
}

/// One step from a version to the next. What was published is never changed: its checksum is kept.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Statements, run as the owner, with the schema as the only one that is searched.
    pub sql: &'static str,
    /// The oldest version of a program that can still work afterwards: that of the migration before, or an older one, where
    /// it only adds (expand); its own where it takes away what older programs use (contract).
    pub needs: u32,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What the service may do with it, as `GRANT` writes it.
    pub grants: &'static str,
    /// Who sees which of its rows.
    pub rows: Guard,
}

/// Who sees which rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Its policies hold for everybody, its owner too (`FORCE ROW LEVEL SECURITY`).
    Forced,
    /// It holds no tenant's data.
    Open {
        /// Why not.
        reason: &'static str,
    },
}

/// The table of applied migrations, in each schema.
pub(crate) const VERSIONS: Table = Table {
    name: "schema_versions",
    grants: "SELECT",
    rows: Guard::Open { reason: "says which migrations were applied" },
};

impl Schema {
    /// The version that this program knows.
    pub fn known(&self) -> u32 {
        self.migrations.len() as u32
    }

    /// Every table.
    pub(crate) fn all_tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().chain([&VERSIONS])
    }
}

impl Migration {
    /// What shows that a migration is not what was applied.
    pub(crate) fn checksum(&self) -> [u8; 32] {
        *blake3::hash(self.sql.as_bytes()).as_bytes()
    }
}

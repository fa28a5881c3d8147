//! How a schema gets from one version to the next, and who is refused.

use super::*;
use crate::{Migrated, usable};

const MORE: Migration = Migration { sql: "ALTER TABLE notes ADD COLUMN more text", needs: 1 };
const LESS: Migration = Migration { sql: "ALTER TABLE notes DROP COLUMN note", needs: 3 };
const EXPANDED: Schema = Schema { migrations: &[SCHEMA.migrations[0], MORE], ..SCHEMA };
const CONTRACTED: Schema = Schema { migrations: &[SCHEMA.migrations[0], MORE, LESS], ..SCHEMA };

impl World {
    async fn migrate(&self, schema: &Schema) -> Result<Migrated, PostgresError> {
        migrate(&self.owner(), schema, self.service.name(), &clock()).await
    }

    async fn version(&self, schema: &'static Schema) -> Result<u32, PostgresError> {
        open(&self.options()).read(Settings::none(), |tx| Box::pin(usable(tx, schema))).await
    }
}

#[tokio::test]
async fn a_schema_is_brought_up_once() {
    let Some(world) = World::fresh().await else { return };
    assert_eq!(world.migrate(&SCHEMA).await.unwrap(), Migrated { from: 1, to: 1 });
    assert_eq!(world.migrate(&EXPANDED).await.unwrap(), Migrated { from: 1, to: 2 });
    assert_eq!(world.version(&EXPANDED).await.unwrap(), 2);
    let applied = "SELECT version, needs, applied_at FROM trial.schema_versions ORDER BY version";
    assert_eq!(world.engine.sql(applied), "1|1|1700000000000000\n2|1|1700000000000000");
}

#[tokio::test]
async fn two_programs_at_once_take_turns() {
    let Some(engine) = engines::Database::fresh() else { return };
    let world = World { service: engine.role("service"), engine };
    let both = tokio::join!(world.migrate(&CONTRACTED), world.migrate(&CONTRACTED));
    let mut from = [both.0.unwrap().from, both.1.unwrap().from];
    from.sort_unstable();
    assert_eq!(from, [0, 3]);
}

/// A program of the version before goes on after an expansion, and not after a contraction.
#[tokio::test]
async fn an_older_program_works_until_it_cannot() {
    let Some(world) = World::fresh().await else { return };
    world.migrate(&EXPANDED).await.unwrap();
    assert_eq!(world.version(&SCHEMA).await.unwrap(), 2);
    add(&open(&world.options()), "by an older program").await.unwrap();
    assert_eq!(world.migrate(&SCHEMA).await.unwrap(), Migrated { from: 2, to: 2 });
    world.migrate(&CONTRACTED).await.unwrap();
    for refused in [world.version(&EXPANDED).await.unwrap_err(), world.migrate(&SCHEMA).await.unwrap_err()] {
        assert!(matches!(refused, PostgresError::TooNew { found: 3, .. }), "{refused:?}");
    }
}

/// Opening changes nothing: it says that somebody has to migrate.
#[tokio::test]
async fn a_database_that_is_not_migrated_is_refused() {
    let Some(engine) = engines::Database::fresh() else { return };
    let world = World { service: engine.role("service"), engine };
    let refused = world.version(&SCHEMA).await.unwrap_err();
    assert!(matches!(refused, PostgresError::Backend { .. }), "{refused:?}");
    assert_eq!(world.engine.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'trial'"), "0");
    world.migrate(&SCHEMA).await.unwrap();
    let refused = world.version(&EXPANDED).await.unwrap_err();
    assert!(format!("{refused:?}").contains("has version 1, this program needs 2"), "{refused:?}");
}

/// A migration that was changed after it was applied, or that fails in the middle, leaves everything as it was.
#[tokio::test]
async fn what_cannot_be_applied_changes_nothing() {
    let Some(world) = World::fresh().await else { return };
    let other = Schema { migrations: &[Migration { sql: "SELECT 1", needs: 1 }, MORE], ..SCHEMA };
    assert!(matches!(world.migrate(&other).await.unwrap_err(), PostgresError::Corrupt { .. }));
    let half = Migration { sql: "CREATE TABLE half (i int); SELECT 1 / 0", needs: 1 };
    let broken = [SCHEMA.migrations[0], MORE, half];
    let broken = Schema { migrations: Box::leak(Box::new(broken)), ..SCHEMA };
    assert!(matches!(world.migrate(&broken).await.unwrap_err(), PostgresError::Backend { .. }));
    assert_eq!(world.version(&SCHEMA).await.unwrap(), 1);
    assert_eq!(world.engine.sql("SELECT to_regclass('trial.half') IS NULL"), "t");
}

/// Rights that somebody gave by hand are gone after the next migration, for the service and for everybody.
#[tokio::test]
async fn rights_are_exactly_those_that_are_written_down() {
    let Some(world) = World::fresh().await else { return };
    let service = world.service.name();
    world.engine.sql(&format!("GRANT ALL ON trial.notes TO {service}; GRANT ALL ON trial.notes TO PUBLIC"));
    world.migrate(&SCHEMA).await.unwrap();
    let rights = "SELECT string_agg(DISTINCT privilege_type, ',' ORDER BY privilege_type)
        FROM information_schema.role_table_grants WHERE table_schema = 'trial' AND table_name = 'notes'
        AND grantee NOT IN (SELECT tableowner FROM pg_tables WHERE tablename = 'notes')";
    assert_eq!(world.engine.sql(rights), "INSERT,SELECT");
}

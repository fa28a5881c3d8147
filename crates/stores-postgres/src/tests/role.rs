//! The tables are guarded, all of them, and the service has no way around that.

use std::sync::Arc;

use domain::finding::Verdict;
use postgres::Guard;

use crate::schema::SCHEMA;
use crate::testing::{World, manual};

/// The only tables whose rows are not guarded, and why.
const OPEN: &[(&str, &str)] = &[("schema_versions", "says which migrations were applied; holds no tenant's data")];

/// A table that somebody adds is in this list or guarded, else this fails.
#[tokio::test]
async fn every_table_is_guarded_or_named_here() {
    let Some(world) = World::fresh().await else { return };
    let open = world.engine.sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'outhaul'::regnamespace AND relkind IN ('r', 'p', 'm', 'f')
         AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname",
    );
    assert_eq!(open.lines().collect::<Vec<_>>(), OPEN.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let without = world.engine.sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'outhaul'::regnamespace AND relrowsecurity
         AND NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid)",
    );
    assert_eq!(without, "", "a table without a policy is a table without rows");
    assert!(SCHEMA.tables.iter().all(|table| table.rows == Guard::Forced));
    let findings = world.stores(Arc::new(manual())).await.check().await;
    let guarded = findings.iter().find(|finding| finding.what == "postgres row security").expect("it was asked");
    assert_eq!(guarded.verdict, Verdict::Ok);
}

#[tokio::test]
async fn the_service_has_no_way_around() {
    let Some(world) = World::fresh().await else { return };
    let owner = world.engine.owner().name();
    for statement in [
        "ALTER TABLE outhaul.members DISABLE ROW LEVEL SECURITY".to_owned(),
        "ALTER TABLE outhaul.members NO FORCE ROW LEVEL SECURITY".to_owned(),
        "ALTER TABLE outhaul.members ADD COLUMN mine text".to_owned(),
        "DROP POLICY seen ON outhaul.members".to_owned(),
        "CREATE POLICY all_of_them ON outhaul.members USING (true)".to_owned(),
        "DROP TABLE outhaul.members".to_owned(),
        "TRUNCATE outhaul.members".to_owned(),
        "CREATE TABLE outhaul.mine (i int)".to_owned(),
        "CREATE VIEW outhaul.mine AS SELECT * FROM outhaul.members".to_owned(),
        "CREATE SCHEMA mine".to_owned(),
        format!("SET ROLE {owner}"),
        format!("SET SESSION AUTHORIZATION {owner}"),
        format!("GRANT {owner} TO {}", world.service.name()),
        format!("ALTER ROLE {} BYPASSRLS", world.service.name()),
        "SET row_security = off; SELECT * FROM outhaul.members".to_owned(),
        "DELETE FROM outhaul.organisations".to_owned(),
        "DELETE FROM outhaul.users".to_owned(),
        "DELETE FROM outhaul.memberships".to_owned(),
        "UPDATE outhaul.organisations SET created_at = 0".to_owned(),
        "UPDATE outhaul.users SET id = gen_random_uuid()".to_owned(),
        "UPDATE outhaul.members SET organisation = 'b'".to_owned(),
        "UPDATE outhaul.memberships SET user_id = gen_random_uuid()".to_owned(),
        "UPDATE outhaul.organisation_tokens SET scopes = ''".to_owned(),
        "UPDATE outhaul.schema_versions SET needs = 1".to_owned(),
        "DELETE FROM outhaul.schema_versions".to_owned(),
        "COPY outhaul.members TO PROGRAM 'true'".to_owned(),
    ] {
        assert!(world.engine.sql_as(&world.service, &statement).is_err(), "{statement}");
    }
}

/// Even who owns the tables sees nothing without a word on whose rows are meant.
#[tokio::test]
async fn the_owner_sees_no_more() {
    let Some(world) = World::fresh().await else { return };
    world.engine.sql("INSERT INTO outhaul.organisations VALUES ('a', 0)");
    let count = "SELECT count(*) FROM outhaul.organisations";
    assert_eq!(world.engine.sql_as(world.engine.owner(), count).as_deref(), Ok("0"));
    assert_eq!(world.engine.sql(count), "1");
}

//! Databases of the test's own, and a cluster of its own.

use std::net::TcpStream;

use engines::{Database, Postgres};

#[test]
fn a_database_is_empty_and_its_roles_have_no_rights() {
    let Some(database) = Database::fresh() else { return };
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.sql_as(database.owner(), tables).as_deref(), Ok("0"));
    database.sql_as(database.owner(), "CREATE TABLE t (i int); INSERT INTO t VALUES (7)").expect("the owner may");
    let role = database.role("app");
    assert_eq!(database.role("app").name(), role.name());
    let rights =
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user";
    assert_eq!(database.sql_as(&role, rights).as_deref(), Ok("f"));
    assert!(database.sql_as(&role, "SELECT i FROM t").is_err_and(|why| why.contains("permission denied")));
    assert!(database.sql_as(&role, "CREATE TABLE u (i int)").is_err());
    database.sql_as(database.owner(), &format!("GRANT SELECT ON t TO {}", role.name())).expect("the owner may");
    assert_eq!(database.sql_as(&role, "SELECT i FROM t").as_deref(), Ok("7"));
}

#[test]
fn databases_know_nothing_of_each_other() {
    let (Some(first), Some(second)) = (Database::fresh(), Database::fresh()) else { return };
    let role = first.role("app");
    assert!(second.sql_as(&role, "SELECT 1").is_err());
    assert_ne!(first.name(), second.name());
    let left = format!(
        "SELECT (SELECT count(*) FROM pg_database WHERE datname = '{}') + (SELECT count(*) FROM pg_roles WHERE rolname IN \
         ('{}', '{}'))",
        first.name(),
        role.name(),
        first.owner().name()
    );
    assert_eq!(second.sql(&left), "3");
    drop(first);
    assert_eq!(second.sql(&left), "0");
}

#[test]
fn text_is_not_ordered_by_its_bytes() {
    let Some(database) = Database::fresh() else { return };
    let ordered = "SELECT string_agg(t, '' ORDER BY t) FROM (VALUES ('B'), ('a'), ('ä')) AS texts(t)";
    assert_eq!(database.sql(ordered), "aäB");
}

#[test]
fn a_killed_cluster_comes_back_with_what_was_committed() {
    let Some(postgres) = Postgres::start() else { return };
    let database = postgres.database();
    database.sql("CREATE TABLE t (i int); INSERT INTO t VALUES (7)");
    postgres.kill();
    assert!(TcpStream::connect(postgres.address()).is_err());
    assert!(database.sql_as(database.owner(), "SELECT 1").is_err());
    postgres.start_again();
    assert_eq!(database.sql("SELECT i FROM t"), "7");
    postgres.pause();
    assert!(TcpStream::connect(postgres.address()).is_ok());
    postgres.resume();
    assert_eq!(database.sql("SELECT i FROM t"), "7");
}

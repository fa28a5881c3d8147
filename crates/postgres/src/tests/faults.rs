//! The server is killed, the wire is cut or says nothing: each call ends in time, and soon after all is well again.

use std::time::Duration;

use engines::{Postgres, Proxy, Wire};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;

/// What a caller waits at most, and how soon after a fault it works again.
const TWO_SECONDS: Duration = Duration::from_secs(2);

/// A call ends in time, and says that another may succeed.
async fn is_away(call: impl Future<Output = Result<i64, PostgresError>>) {
    let error = timeout(TWO_SECONDS, call).await.expect("it ends in time").expect_err("the server is away");
    assert!(error.retryable(), "{error:?}");
}

/// Within two seconds a call succeeds, and every later one.
async fn is_back(database: &Database) {
    let back = async {
        while let Err(error) = count(database).await {
            assert!(error.retryable(), "{error:?}");
        }
    };
    timeout(TWO_SECONDS, back).await.expect("it is back in time");
    for _ in 0..20 {
        count(database).await.unwrap();
    }
    assert_eq!(database.pool_use().used, 0);
}

/// Several connections rest, and all of them answered before.
async fn rested(database: &Database) {
    let sleep = || query("SELECT pg_sleep(0.05)");
    let one = || database.read(Settings::none(), |tx| Box::pin(async move { tx.run("sleep", sleep()).await }));
    let (a, b, c) = tokio::join!(one(), one(), one());
    assert!([a, b, c].iter().all(Result::is_ok));
    assert!(database.pool_use().idle >= 2, "several connections rest");
}

#[tokio::test]
async fn a_killed_server_is_away_and_then_back() {
    let Some(postgres) = Postgres::start() else { return };
    let world = World::on(postgres.database()).await;
    let database = open(&world.options());
    rested(&database).await;
    postgres.kill();
    is_away(count(&database)).await;
    is_away(count(&database)).await;
    postgres.start_again();
    is_back(&database).await;
}

/// Nobody asked while it was away, so nobody notices: what rested is dead, and the call goes on anew.
#[tokio::test]
async fn a_server_that_was_away_meanwhile_is_not_noticed() {
    let Some(postgres) = Postgres::start() else { return };
    let world = World::on(postgres.database()).await;
    let database = open(&world.options());
    rested(&database).await;
    postgres.kill();
    postgres.start_again();
    assert_eq!(count(&database).await.unwrap(), 0);
    postgres.kill();
    postgres.start_again();
    add(&database, "a write as well").await.unwrap();
    assert_eq!(count(&database).await.unwrap(), 1);
}

/// More calls than connections, and not a word from the other side.
#[tokio::test]
async fn a_silent_wire_ends_every_call_in_time() {
    let Some(world) = World::fresh().await else { return };
    let proxy = Proxy::to(world.engine.address());
    let options = behind(proxy.address(), world.service.url());
    let database = Arc::new(open(&options.with_pool_size(4).unwrap()));
    rested(&database).await;
    proxy.set(Wire::HalfOpen);
    let mut calls = JoinSet::new();
    for _ in 0..12 {
        let database = Arc::clone(&database);
        calls.spawn(async move { is_away(count(&database)).await });
    }
    calls.join_all().await;
    proxy.set(Wire::Open);
    is_back(&database).await;
}

#[tokio::test]
async fn a_wire_that_is_cut_is_made_anew() {
    let Some(world) = World::fresh().await else { return };
    let proxy = Proxy::to(world.engine.address());
    let database = open(&behind(proxy.address(), world.service.url()));
    rested(&database).await;
    for wire in [Wire::Refused, Wire::Cut { after_bytes: 0 }, Wire::Cut { after_bytes: 100 }] {
        proxy.set(wire);
        proxy.cut_all();
        is_away(count(&database)).await;
        proxy.set(Wire::Open);
        is_back(&database).await;
        // All that rest are cut between two calls.
        proxy.cut_all();
        count(&database).await.unwrap();
    }
}

/// A stopped server takes connections and says nothing.
#[tokio::test]
async fn a_stopped_server_is_away_and_then_back() {
    let Some(postgres) = Postgres::start() else { return };
    let world = World::on(postgres.database()).await;
    let database = open(&world.options());
    rested(&database).await;
    postgres.pause();
    is_away(count(&database)).await;
    postgres.resume();
    is_back(&database).await;
}

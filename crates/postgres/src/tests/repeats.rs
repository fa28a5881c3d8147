//! What is tried again and what is not, and what a call leaves behind that does not come to its end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engines::{Proxy, Wire};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;

const IN_THE_WAY: &str = "DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = 'serialization_failure'; END $$";

/// How often a write is tried that others are in the way of so many times.
async fn tries(database: &Database, in_the_way: u32) -> (u32, Result<u64, PostgresError>) {
    let tried = AtomicU32::new(0);
    let tried = &tried;
    let work = database.write(of("a"), |tx| {
        Box::pin(async move {
            tx.run("add a note", query("INSERT INTO notes VALUES ('a', 'once')")).await?;
            let is_first = tried.fetch_add(1, Ordering::Relaxed) < in_the_way;
            tx.run("meet others", query(if is_first { IN_THE_WAY } else { "SELECT 1" })).await
        })
    });
    let done = work.await;
    (tried.load(Ordering::Relaxed), done)
}

#[tokio::test]
async fn who_is_in_the_way_of_others_tries_again_but_not_for_ever() {
    let Some(world) = World::fresh().await else { return };
    let database = open(&world.options());
    let (tried, done) = tries(&database, 3).await;
    assert!(done.is_ok());
    assert_eq!((tried, count(&database).await.unwrap()), (4, 1));
    let (tried, done) = tries(&database, u32::MAX).await;
    assert!(done.unwrap_err().retryable());
    assert!((2..=12).contains(&tried), "{tried}");
    assert_eq!(count(&database).await.unwrap(), 1);
}

/// The server did it, and nobody heard: it is not done twice.
#[tokio::test]
async fn a_commit_without_an_answer_is_not_repeated() {
    let Some(world) = World::fresh().await else { return };
    let proxy = Proxy::to(world.engine.address());
    let database = open(&behind(proxy.address(), world.service.url()));
    count(&database).await.unwrap();
    let (proxy, tried) = (&proxy, &AtomicU32::new(0));
    let work = database.write(of("a"), |tx| {
        Box::pin(async move {
            tried.fetch_add(1, Ordering::Relaxed);
            tx.run("add a note", query("INSERT INTO notes VALUES ('a', 'once')")).await?;
            proxy.set(Wire::Cut { after_bytes: 0 });
            Ok(())
        })
    });
    assert!(work.await.unwrap_err().retryable());
    assert_eq!(tried.load(Ordering::Relaxed), 1);
    proxy.set(Wire::Open);
    let seen = async { while count(&database).await.unwrap() == 0 {} };
    timeout(Duration::from_secs(2), seen).await.expect("it was committed");
    assert_eq!(count(&database).await.unwrap(), 1);
}

/// The same before the commit: nothing of it can be there, so it is done again.
#[tokio::test]
async fn a_wire_cut_before_the_commit_does_not_show() {
    let Some(world) = World::fresh().await else { return };
    let proxy = Proxy::to(world.engine.address());
    let database = open(&behind(proxy.address(), world.service.url()));
    count(&database).await.unwrap();
    let (proxy, tried) = (&proxy, &AtomicU32::new(0));
    let work = database.write(of("a"), |tx| {
        Box::pin(async move {
            if tried.fetch_add(1, Ordering::Relaxed) == 0 {
                proxy.cut_all();
            }
            tx.run("add a note", query("INSERT INTO notes VALUES ('a', 'once')")).await
        })
    });
    work.await.unwrap();
    assert_eq!((tried.load(Ordering::Relaxed), count(&database).await.unwrap()), (2, 1));
}

/// A statement without an end is ended here, and a lock that it waits for is not waited for by its connection any more.
#[tokio::test]
async fn a_statement_without_an_end_is_given_up() {
    let Some(world) = World::fresh().await else { return };
    let database = open(&world.options());
    let sleep = database.write(of("a"), |tx| {
        Box::pin(async move {
            tx.run("add a note", query("INSERT INTO notes VALUES ('a', 'never')")).await?;
            tx.run("sleep", query("SELECT pg_sleep(3600)")).await
        })
    });
    let error = timeout(Duration::from_secs(2), sleep).await.expect("it ends in time").unwrap_err();
    assert!(error.retryable());
    assert_eq!(count(&database).await.unwrap(), 0);
    // The server notices by its own bound.
    let asleep =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid()";
    while world.engine.sql(asleep) != "0" {}
}

/// Whoever asked is gone: their transaction is taken back, and their connection is not given to the next.
#[tokio::test]
async fn a_call_that_is_dropped_leaves_nothing() {
    let Some(world) = World::fresh().await else { return };
    let database = open(&world.options());
    let there = &Notify::new();
    let call = database.write(of("a"), |tx| {
        Box::pin(async move {
            tx.run("add a note", query("INSERT INTO notes VALUES ('a', 'never')")).await?;
            there.notify_one();
            std::future::pending::<Result<(), PostgresError>>().await
        })
    });
    tokio::select! {
        _ = call => panic!("it has no end"),
        () = there.notified() => {}
    }
    let pool = database.pool_use();
    assert_eq!((pool.used, pool.idle), (0, 0));
    assert_eq!(count(&database).await.unwrap(), 0);
    while world.connections() != "1" {}
}

#[tokio::test]
async fn never_more_connections_than_asked_for() {
    let Some(world) = World::fresh().await else { return };
    let database = Arc::new(open(&world.options().with_pool_size(2).unwrap()));
    let mut calls = JoinSet::new();
    for number in 0..40 {
        let database = Arc::clone(&database);
        calls.spawn(async move { add(&database, &number.to_string()).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(count(&database).await.unwrap(), 40);
    let pool = database.pool_use();
    assert_eq!((pool.size, pool.used), (2, 0));
    assert!(matches!(world.connections().as_str(), "1" | "2"));
}

/// What a transaction said of itself is not there for the next on its connection.
#[tokio::test]
async fn settings_end_with_their_transaction() {
    let Some(world) = World::fresh().await else { return };
    let database = open(&world.options().with_pool_size(1).unwrap());
    add(&database, "of a").await.unwrap();
    let all = |settings: Settings| {
        let database = &database;
        async move {
            let rows = database.read(settings, |tx| Box::pin(tx.many("list", query("SELECT note FROM notes"))));
            rows.await.unwrap().len()
        }
    };
    assert_eq!(all(of("a")).await, 1);
    assert_eq!(all(Settings::none()).await, 0);
    assert_eq!(all(of("b")).await, 0);
}

/// Neither the password nor what a row holds is in an error.
#[tokio::test]
async fn an_error_tells_no_secret() {
    let Some(world) = World::fresh().await else { return };
    let check = |error: PostgresError, secret: &str| assert!(!format!("{error:?}").contains(secret), "{error:?}");
    let wrong = world.service.url().replace(world.service.password(), "geheim");
    let refused = count(&open(&wrong.parse().unwrap())).await.unwrap_err();
    assert!(!refused.retryable());
    check(refused, "geheim");
    let database = open(&world.options());
    let put = || query("INSERT INTO notes VALUES ('b', 'geheim')");
    let refused = database.write(of("a"), |tx| Box::pin(async move { tx.run("add", put()).await })).await;
    check(refused.unwrap_err(), "geheim");
}

//! Writes that wait together: one that fails leaves the others, each lasts as it was asked.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::failpoint;

const KEEP: &str = "INSERT INTO kept VALUES (?1)";

fn open() -> (tempfile::TempDir, PathBuf, Arc<Writer>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.db");
    let connection = connect(&path).unwrap();
    connection.execute_batch("CREATE TABLE kept (number INTEGER PRIMARY KEY)").unwrap();
    let writer = Arc::new(Writer::start(&path, connection).unwrap());
    (folder, path, writer)
}

fn kept(path: &Path) -> Vec<i64> {
    let connection = connect(path).unwrap();
    let mut select = connection.prepare("SELECT number FROM kept ORDER BY number").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn synced(transaction: &Transaction<'_>) -> i64 {
    transaction.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap()
}

fn insert(transaction: &Transaction<'_>, number: i64) {
    transaction.execute(KEEP, [number]).unwrap();
}

/// Holds the thread until all of them wait behind it; what each is answered.
async fn together<F>(writer: &Arc<Writer>, works: Vec<F>) -> Vec<Result<i64, StoreError>>
where
    F: FnOnce(&Transaction<'_>) -> Result<Write<i64>, StoreError> + Send + 'static,
{
    let (go, wait) = mpsc::channel::<()>();
    let first = writer.write(failpoint::NONE, Lasts::Soon, move |_| {
        let _ = wait.recv();
        Ok(Write::Leave(0_i64))
    });
    let rest = works.into_iter().map(|work| writer.write(failpoint::NONE, Lasts::Soon, work));
    let mut all: Vec<_> = std::iter::once(Box::pin(first) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>)
        .chain(rest.map(|write| Box::pin(write) as _))
        .collect();
    // A write is sent when it is first polled.
    std::future::poll_fn(|context| {
        all.iter_mut().for_each(|write| assert!(write.as_mut().poll(context).is_pending()));
        std::task::Poll::Ready(())
    })
    .await;
    drop(go);
    let mut answers = Vec::new();
    for write in all {
        answers.push(write.await);
    }
    answers.split_off(1)
}

#[tokio::test]
async fn a_write_that_fails_leaves_the_others() {
    let (_folder, path, writer) = open();
    let works = (1..=100).map(|number| {
        move |transaction: &Transaction<'_>| {
            insert(transaction, number);
            match number % 4 {
                0 => Err(crate::error::corrupt("a test", "ends here")),
                1 => Ok(Write::Leave(number)),
                _ => Ok(Write::Commit(number)),
            }
        }
    });
    let answers = together(&writer, works.collect()).await;
    for (answer, number) in answers.into_iter().zip(1..) {
        assert_eq!(answer.ok(), (number % 4 != 0).then_some(number));
    }
    assert_eq!(kept(&path), (1..=100).filter(|number| number % 4 > 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn where_sqlite_takes_all_back_all_are_told() {
    let (_folder, path, writer) = open();
    let works = (1..=3).map(|number| {
        move |transaction: &Transaction<'_>| {
            insert(transaction, number);
            if number == 2 {
                // As SQLite does it after some errors of the disk.
                transaction.execute_batch("ROLLBACK").unwrap();
                return Err(crate::error::corrupt("a test", "ends here"));
            }
            Ok(Write::Commit(number))
        }
    });
    let answers = together(&writer, works.collect()).await;
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    assert!(
        answers[0].as_ref().is_err_and(StoreError::retryable) && answers[2].as_ref().is_err_and(StoreError::retryable)
    );
    assert_eq!(kept(&path), [0_i64; 0]);
    let after = writer.write(failpoint::NONE, Lasts::Now, |transaction| {
        insert(transaction, 4);
        Ok(Write::Commit(4))
    });
    assert_eq!((after.await.unwrap(), kept(&path)), (4, vec![4]));
}

/// Who gives up while the writer is busy elsewhere has asked for nothing.
#[tokio::test]
async fn a_write_given_up_while_it_waits_is_not_made() {
    let (_folder, path, writer) = open();
    let (go, wait) = mpsc::channel::<()>();
    let mut first = Box::pin(writer.write(failpoint::NONE, Lasts::Soon, move |_| {
        let _ = wait.recv();
        Ok(Write::Leave(()))
    }));
    let mut given_up = Box::pin(writer.write(failpoint::NONE, Lasts::Soon, |transaction| {
        insert(transaction, 1);
        Ok(Write::Commit(()))
    }));
    std::future::poll_fn(|context| {
        assert!(first.as_mut().poll(context).is_pending() && given_up.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    drop(given_up);
    drop(go);
    first.await.unwrap();
    let last = writer.write(failpoint::NONE, Lasts::Now, |transaction| {
        insert(transaction, 2);
        Ok(Write::Commit(()))
    });
    last.await.unwrap();
    assert_eq!(kept(&path), [2]);
}

/// The others of its batch are told to try again.
#[tokio::test]
async fn a_write_that_panics_ends_its_batch_and_nothing_else() {
    let (_folder, path, writer) = open();
    let works = (1..=2).map(|number| {
        move |transaction: &Transaction<'_>| {
            insert(transaction, number);
            assert_ne!(number, 2, "as a test wants it");
            Ok(Write::Commit(number))
        }
    });
    let answers = together(&writer, works.collect()).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(StoreError::retryable)), "{answers:?}");
    let after = writer.write(failpoint::NONE, Lasts::Now, |transaction| {
        insert(transaction, 3);
        Ok(Write::Commit(()))
    });
    after.await.unwrap();
    assert_eq!(kept(&path), [3]);
}

#[tokio::test]
async fn each_lasts_as_it_is_asked() {
    let (_folder, path, writer) = open();
    for (lasts, level) in [(Lasts::Now, 2), (Lasts::Soon, 1), (Lasts::Soon, 1), (Lasts::Now, 2)] {
        let write = writer.write(failpoint::NONE, lasts, |transaction| Ok(Write::Commit(synced(transaction))));
        assert_eq!(write.await.unwrap(), level);
    }
    // One that turns out to be told to people is synced behind its commit.
    let turned = writer.write(failpoint::NONE, Lasts::Soon, |transaction| {
        insert(transaction, 1);
        Ok(Write::CommitNow(()))
    });
    turned.await.unwrap();
    assert_eq!(kept(&path), [1]);
}

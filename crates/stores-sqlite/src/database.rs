//! The file: one thread that writes, and connections that read, each used by one call at a time.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction};
use stores::StoreError;
use tokio::sync::Semaphore;

use crate::error::failed;
use crate::failpoint::Points;
use crate::schema;
use crate::writer::{Lasts, Write, Writer};

/// How long a call waits for the writer of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it waits between two looks, where SQLite itself does not wait.
const BUSY_LOOK: Duration = Duration::from_millis(5);
/// Reads at a time. Writes of this process go through one thread, since the file has one writer anyway.
const READERS: usize = 4;
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 64;

/// The file.
pub(crate) struct Database {
    path: PathBuf,
    writer: Writer,
    readers: Lane,
}

/// Some connections that read, opened when they are needed.
struct Lane {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Database {
    /// Opens the file, making or migrating it.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let mut connection = connect(&path)?;
            schema::migrate(&mut connection)?;
            sync_folder(&path).map_err(|error| unavailable("make the file durable", error))?;
            let writer = Writer::start(&path, connection).map_err(|error| unavailable("start a thread", error))?;
            Ok(Self { path, writer, readers: Lane::of(READERS) })
        });
        opened.await.unwrap_or_else(|error| Err(unavailable("run to its end", error)))
    }

    /// One consistent read.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(&self.path, work).await
    }

    /// One write: committed, and on the disk, if `work` answers `Ok`; else it never was.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        points: Points,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_if(points, Lasts::Now, move |tx| work(tx).map(Write::Commit)).await
    }

    /// One write that is committed only if `work` says so.
    pub(crate) async fn write_if<T: Send + 'static>(
        &self,
        points: Points,
        lasts: Lasts,
        work: impl FnOnce(&Transaction<'_>) -> Result<Write<T>, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(points, lasts, work).await
    }
}

impl Lane {
    fn of(connections: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections)), idle: Arc::default() }
    }

    async fn read<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = path.to_owned();
        self.run(move |idle| {
            let mut connection = idle.pop().map_or_else(|| connect(&path), Ok)?;
            let transaction = connection.transaction().map_err(failed("begin"))?;
            let done = work(&transaction)?;
            transaction.rollback().map_err(failed("end a read"))?;
            // After an error the connection is closed, whatever state it is in.
            idle.push(connection);
            Ok(done)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Idle<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|error| unavailable("wait for a connection", error))?;
        let idle = Arc::clone(&self.idle);
        let done = tokio::task::spawn_blocking(move || {
            // Held until the work is over, even if nobody waits for it any more.
            let _permit = permit;
            work(&mut Idle(&idle))
        });
        done.await.unwrap_or_else(|error| Err(unavailable("run to its end", error)))
    }
}

/// The connections that no call uses.
struct Idle<'a>(&'a Mutex<Vec<Connection>>);

impl Idle<'_> {
    fn pop(&mut self) -> Option<Connection> {
        self.0.lock().expect("no panic while the connections are held").pop()
    }

    fn push(&mut self, connection: Connection) {
        self.0.lock().expect("no panic while the connections are held").push(connection);
    }
}

pub(crate) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(failed("open the file"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed("open the file"))?;
    // By path: opening and closing the file ourselves would drop the locks that SQLite holds on it in this process.
    private(path).map_err(|error| unavailable("protect the file", error))?;
    schema::version(&connection)?;
    write_ahead(&connection).map_err(failed("open the file"))?;
    // Each commit is on the disk before it is answered, unless the writer says otherwise.
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed("open the file"))?;
    connection.pragma_update(None, "foreign_keys", "ON").map_err(failed("open the file"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Turns on the log that is written ahead. SQLite does not wait by itself for others that do the same to a new file.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let mut looks = BUSY_TIMEOUT.as_millis() / BUSY_LOOK.as_millis();
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())) {
            Err(error) if looks > 0 && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                looks -= 1;
                std::thread::sleep(BUSY_LOOK);
            }
            done => return done,
        }
    }
}

/// Mode 0600 for the file; those that SQLite makes beside it take it over.
fn private(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::set_permissions(&name, Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

pub(crate) fn unavailable(doing: &'static str, error: impl Into<stores::error::Cause>) -> StoreError {
    StoreError::Unavailable { doing, source: error.into() }
}

//! The embedded mode: everything in one data folder. The one place that knows every adapter.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use artifacts::{Artifacts, FolderArtifacts};
use domain::clock::Clock;
use domain::ids::{Slug, WorkerId};
use domain::random::Random;
use lake::{Lake, LakeOptions};
use queue::MemoryQueue;
use stores::{Directory, Jobs};
use stores_sqlite::SqliteStores;
use worker::{Ports, Progress, Worker, WorkerOptions};

use crate::config::Config;
use crate::exit::{Exit, Failure, OrExit};
use crate::folder;
use crate::holders::Holder;
use crate::system;

/// An open data folder.
pub struct Embedded {
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// The machine's randomness.
    pub random: Arc<dyn Random>,
    /// Organisations.
    pub directory: Arc<dyn Directory>,
    /// Exports.
    pub jobs: Arc<dyn Jobs>,
    /// Plans, parts, archives.
    pub artifacts: Arc<FolderArtifacts>,
    /// Messages.
    pub lake: Arc<Lake>,
    /// Where all this lies.
    pub folder: PathBuf,
    config: Config,
    _holder: Holder,
}

impl Embedded {
    /// Opens the data folder of the configuration, making it if it is not there.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let folder = folder::make(&config.storage.data)?;
        let holder = Holder::command(&folder)?;
        let (clock, random) = (system::clock(), system::random());
        let lake = Lake::open(&folder, LakeOptions::default(), Arc::clone(&clock), Arc::clone(&random));
        let lake = Arc::new(lake.await.or_exit(Exit::Unavailable)?);
        let (database, objects) = (folder.join("outhaul.db"), folder.join("artifacts"));
        let stores = SqliteStores::open(&database, Arc::clone(&clock), config.limits.clone());
        let stores = Arc::new(stores.await.or_exit(Exit::Unavailable)?);
        let artifacts = FolderArtifacts::open(&objects, Arc::clone(&clock), Arc::clone(&random));
        let artifacts = Arc::new(artifacts.await.or_exit(Exit::Unavailable)?);
        let (directory, jobs): (Arc<dyn Directory>, Arc<dyn Jobs>) = (stores.clone(), stores);
        let config = config.clone();
        Ok(Self { clock, random, directory, jobs, artifacts, lake, folder, config, _holder: holder })
    }

    /// The organisation of a command line.
    ///
    /// # Errors
    /// Exit 4 where there is none of that name.
    pub async fn organisation(&self, slug: &Slug) -> Result<(), Failure> {
        match self.directory.organisation(slug).await? {
            Some(_) => Ok(()),
            None => Err(Failure::new(Exit::NotFound, anyhow::anyhow!("organisation {slug} is not there"))),
        }
    }

    /// A worker of this process, over an in-process queue.
    pub async fn worker(&self) -> Result<(Arc<Worker>, Arc<Progress>), Failure> {
        let progress = Arc::new(Progress::default());
        let ports = Ports {
            jobs: Arc::clone(&self.jobs),
            queue: Arc::new(MemoryQueue::default()),
            artifacts: Arc::clone(&self.artifacts) as Arc<dyn Artifacts>,
            lake: Arc::clone(&self.lake),
        };
        let options = WorkerOptions {
            id: WorkerId::new(self.clock.now(), self.random.as_ref()),
            slots: self.config.worker.slots(),
            memory_bytes: self.config.worker.memory_bytes,
            limits: self.config.limits.clone(),
        };
        let worker = Worker::new(ports, options, Arc::clone(&progress)).await;
        let worker = worker.context("cannot start a worker").or_exit(Exit::Unavailable)?;
        Ok((worker, progress))
    }
}

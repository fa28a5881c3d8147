//! What an installation consists of: a data folder, and the engines of its configuration. The one place that knows every
//! adapter.

#[cfg(feature = "aws")]
mod aws;
#[cfg(not(feature = "aws"))]
#[path = "wiring/without_aws.rs"]
mod aws;
mod engines;
mod places;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use artifacts::Artifacts;
use domain::clock::Clock;
use domain::ids::{Slug, WorkerId};
use domain::random::Random;
use lake::Lake;
use notifier::{FolderNotifier, Notifier, SmtpNotifier};
use queue::{Limiter, Queue};
use stores::{Accounts, Audit, Directory, Jobs, Memberships};
use worker::{Mail, Observer, Ports, Progress, Worker, WorkerOptions};

use crate::config::{Config, MailKind};
use crate::exit::{Exit, Failure, OrExit};
use crate::folder;
use crate::holders::Holder;
use crate::system;

#[cfg(feature = "failpoints")]
pub use self::aws::FAILPOINTS as AWS_FAILPOINTS;
pub use self::aws::migrate as migrate_tables;
pub use self::engines::{Engines, owner};

/// An open data folder with everything that stands behind it.
pub struct Installation {
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// The machine's randomness.
    pub random: Arc<dyn Random>,
    /// Who exists and who belongs where.
    pub directory: Arc<dyn Directory>,
    /// Addresses, password hashes, refresh families.
    pub accounts: Arc<dyn Accounts>,
    /// What users subscribe to.
    pub memberships: Arc<dyn Memberships>,
    /// Who did what.
    pub audit: Arc<dyn Audit>,
    /// Wakes.
    pub queue: Arc<dyn Queue>,
    /// Limits by account and by address.
    pub limiter: Arc<dyn Limiter>,
    /// Exports.
    pub jobs: Arc<dyn Jobs>,
    /// Plans, parts, archives.
    pub artifacts: Arc<dyn Artifacts>,
    /// Messages.
    pub lake: Arc<Lake>,
    /// What is this machine's: keys, locks, staging, and whatever no engine keeps.
    pub folder: PathBuf,
    /// What is set.
    pub config: Config,
    _holder: Holder,
}

impl Installation {
    /// Opens the data folder of the configuration for a command, making it if it is not there.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let folder = folder::make(&config.storage.data)?;
        let holder = Holder::command(&folder)?;
        Self::held(config, folder, holder).await
    }

    /// Opens it for a server; `what` names it to whoever finds the folder held.
    pub async fn serve(config: &Config, what: &str) -> Result<Self, Failure> {
        let folder = folder::make(&config.storage.data)?;
        let holder = Holder::server(&folder, what)?;
        Self::held(config, folder, holder).await
    }

    async fn held(config: &Config, folder: PathBuf, holder: Holder) -> Result<Self, Failure> {
        let (clock, random) = (system::clock(), system::random());
        let engines = Engines::of(config, &clock, &random).await?;
        let database = places::database(config, &engines, &folder, &clock).await?;
        let (jobs, accounts, audit) = places::records(&engines, database.as_ref());
        let (directory, memberships) = places::directory(&engines, database.as_ref()).await?;
        let (queue, limiter) = places::queue(&engines, &clock);
        Ok(Self {
            directory,
            memberships,
            queue,
            limiter,
            accounts,
            audit,
            jobs,
            artifacts: places::artifacts(&engines, &folder, &clock, &random).await?,
            lake: places::lake(&engines, &folder, &clock, &random).await?,
            clock,
            random,
            folder,
            config: config.clone(),
            _holder: holder,
        })
    }

    /// How letters leave: into `mail` of the data folder, to a mail server, or to SES.
    ///
    /// # Errors
    /// Exit 2 where the configuration of the server cannot be.
    pub async fn notifier(&self) -> Result<Arc<dyn Notifier>, Failure> {
        let (mail, clock) = (&self.config.mail, Arc::clone(&self.clock));
        let sender = mail.sender()?;
        Ok(match mail.kind {
            MailKind::Files => {
                Arc::new(FolderNotifier::open(&self.folder.join("mail"), sender, clock).or_exit(Exit::Unavailable)?)
            }
            MailKind::Smtp => {
                let notifier = SmtpNotifier::new(mail.smtp()?, sender, clock).context("mail").or_exit(Exit::Usage)?;
                Arc::new(notifier)
            }
            MailKind::Ses => aws::notifier(&self.config, sender, clock, Arc::clone(&self.random)).await?,
        })
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

    /// A worker of this process, for a command that waits for its export itself.
    pub async fn worker(&self) -> Result<(Arc<Worker>, Arc<Progress>), Failure> {
        self.worker_with(None, Progress::default()).await
    }

    /// A worker of the service, which sends letters whose links begin with `public_url` and tells `observer` what it does.
    ///
    /// # Errors
    /// Exit 2 where letters cannot be sent as configured.
    pub async fn service_worker(&self, public_url: &str, observer: Arc<dyn Observer>) -> Result<Arc<Worker>, Failure> {
        let public_url = public_url.parse().context("http.public_url").or_exit(Exit::Usage)?;
        let mail = Mail { notifier: self.notifier().await?, public_url };
        let progress = Progress::observed(observer, Arc::clone(&self.clock));
        Ok(self.worker_with(Some(mail), progress).await?.0)
    }

    async fn worker_with(
        &self,
        mail: Option<Mail>,
        progress: Progress,
    ) -> Result<(Arc<Worker>, Arc<Progress>), Failure> {
        let progress = Arc::new(progress);
        let ports = Ports {
            jobs: Arc::clone(&self.jobs),
            queue: Arc::clone(&self.queue),
            limiter: Arc::clone(&self.limiter),
            artifacts: Arc::clone(&self.artifacts),
            lake: Arc::clone(&self.lake),
            directory: Arc::clone(&self.directory),
            memberships: Arc::clone(&self.memberships),
            mail,
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

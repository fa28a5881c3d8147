//! The system: a real lake and real artifacts in a folder of its own, a job store, a queue, a clock.

mod outcome;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use artifacts::{FolderArtifacts, ObjectName};
use domain::clock::Clock;
use domain::export::{Export, Requester, State};
use domain::ids::{ExportId, Slug};
use domain::limits::Limits;
use domain::owner::Owner;
use domain::random::{Generator, Random};
use domain::request::{Request, Shape};
use domain::time::Micros;
use lake::ingest::{Compression, IngestOptions, Ingested, Input};
use lake::{Lake, LakeOptions};
use queue::{Limiter, MemoryLimiter, Queue, Wake};
use rand_chacha::ChaCha8Rng;
use stores::memory::{MemoryDirectory, MemoryJobs};
use stores::{Created, Jobs, NewExport};
use stores_sqlite::SqliteStores;
use tempfile::TempDir;

use crate::interference::Interference;
use crate::letters::Letters;
use crate::{
    Act, Crew, DEADLINE, FaultyQueue, Gate, HookedArtifacts, JobStore, LoggedJobs, Messages, Moment, Settings,
    TestClock,
};

/// One installation. Every test ends with [`System::assert_nothing_left`].
pub struct System {
    /// Its time.
    pub clock: Arc<TestClock>,
    /// The messages.
    pub lake: Arc<Lake>,
    /// The truth, with a log.
    pub jobs: Arc<LoggedJobs>,
    /// The hints.
    pub queue: FaultyQueue,
    /// What all workers share; by real time, whatever the clock says.
    pub(crate) limiter: Arc<dyn Limiter>,
    /// Plans, parts, archives.
    pub artifacts: Arc<HookedArtifacts>,
    /// Who belongs where, and what users subscribe to.
    pub directory: Arc<MemoryDirectory>,
    /// What was sent.
    pub letters: Arc<Letters>,
    pub(crate) settings: Settings,
    pub(crate) owners: Mutex<Vec<Owner>>,
    pub(crate) looked_through: AtomicBool,
    pub(crate) some_were_killed: Arc<AtomicBool>,
    random: Arc<dyn Random>,
    interference: Interference,
    folder: TempDir,
}

impl System {
    /// A fresh one with small limits.
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// A fresh one.
    pub async fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Arc::new(if settings.clock_stands { TestClock::standing() } else { TestClock::running() });
        let random: Arc<dyn Random> = Arc::new(Generator::<ChaCha8Rng>::seeded(settings.seed));
        let timer: Arc<dyn Clock> = clock.clone();
        let lake = Lake::open(folder.path(), LakeOptions::default(), Arc::clone(&timer), Arc::clone(&random));
        let lake = Arc::new(lake.await.expect("a lake"));
        let objects = folder.path().join("artifacts");
        let artifacts = FolderArtifacts::open(&objects, Arc::clone(&timer), Arc::clone(&random)).await;
        let interference = Interference::default();
        let artifacts = Arc::new(HookedArtifacts::new(artifacts.expect("artifacts"), interference.clone()));
        let jobs = job_store(&settings, &folder, timer).await;
        let directory = Arc::new(MemoryDirectory::new(clock.clone()));
        let letters = Arc::new(Letters::new(interference.clone()));
        let jobs = Arc::new(LoggedJobs::new(jobs, interference.clone()));
        Self {
            clock,
            lake,
            jobs,
            queue: FaultyQueue::default(),
            limiter: Arc::new(MemoryLimiter::new(Arc::new(TestClock::running()))),
            artifacts,
            directory,
            letters,
            settings,
            owners: Mutex::default(),
            looked_through: AtomicBool::new(false),
            some_were_killed: Arc::default(),
            random,
            interference,
            folder,
        }
    }

    /// The limits it works under.
    pub fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Where it keeps everything.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The file of an object.
    pub fn path_of(&self, object: &ObjectName) -> PathBuf {
        self.folder.path().join("artifacts").join(object.to_string())
    }

    pub(crate) fn new_id<T>(&self, make: fn(Micros, &dyn Random) -> T) -> T {
        make(self.clock.now(), self.random.as_ref())
    }

    /// Looks through this owner's exports at the end too, whoever asked for them.
    pub fn watch(&self, owner: &Owner) {
        let mut owners = self.owners.lock().expect("no panic while the owners are held");
        if !owners.contains(owner) {
            owners.push(owner.clone());
        }
    }

    /// Takes lines as one batch; each must be fine.
    pub async fn ingest<L: AsRef<str>>(&self, org: &str, lines: &[L]) -> Ingested {
        let text: String = lines.iter().flat_map(|line| [line.as_ref(), "\n"]).collect();
        let input = Input::Stream(Box::new(std::io::Cursor::new(text)), Compression::Plain);
        let ingested = self.lake.ingest(&slug(org), input, IngestOptions::default()).await.expect("an ingest");
        assert_eq!((ingested.refused_count, ingested.accepted), (0, lines.len() as u64), "{:?}", ingested.refused);
        ingested
    }

    /// Takes invented messages as one batch.
    pub async fn ingest_generated(&self, org: &str, messages: Messages) -> Ingested {
        self.ingest(org, &messages.lines()).await
    }

    /// Asks for an export and wakes the workers.
    pub async fn create_export(&self, org: &str, request: Request) -> Export {
        let export = self.create_quietly(org, request).await;
        self.queue.push(Wake::of(export.owner.clone())).await.expect("the queue answers");
        export
    }

    /// Asks for an export in somebody's name, and wakes the workers.
    pub async fn create_for(&self, owner: Owner, request: Request, requester: &Requester) -> Export {
        let export = self.create_as(owner, request, Some(requester.clone())).await;
        self.queue.push(Wake::of(export.owner.clone())).await.expect("the queue answers");
        export
    }

    /// Asks for an export whose wake is lost.
    pub async fn create_quietly(&self, org: &str, request: Request) -> Export {
        self.create_as(Owner::Organisation(slug(org)), request, None).await
    }

    async fn create_as(&self, owner: Owner, request: Request, requested_by: Option<Requester>) -> Export {
        let request = Request { shape: Shape::of(self.limits(), request.shape.sha256), ..request };
        self.watch(&owner);
        let new = NewExport {
            id: self.new_id(ExportId::new),
            owner,
            request,
            requested_by,
            idempotency: None,
            per_day_limit: None,
        };
        match self.jobs.create(new).await.expect("the job store answers") {
            Created::New(export) => export,
            other => panic!("a new export was {other:?}"),
        }
    }

    /// So many workers, at work.
    pub async fn workers(&self, count: usize) -> Crew {
        Crew::start(self, count).await
    }

    /// Lets one worker work until every export is settled and what it left is removed.
    pub async fn run_until_settled(&self) {
        let crew = self.workers(1).await;
        self.all_settled().await;
        crew.stop().await;
    }

    /// One export from request to end, by one worker.
    pub async fn export(&self, org: &str, request: Request) -> Export {
        let export = self.create_export(org, request).await;
        self.run_until_settled().await;
        self.get(&export).await
    }

    /// The export as it is now.
    pub async fn get(&self, export: &Export) -> Export {
        let found = self.jobs.get(&export.owner, export.id).await.expect("the job store answers");
        found.expect("exports stay in the job store")
    }

    /// Waits until every export has come to its end.
    pub async fn all_settled(&self) {
        let owners = self.owners.lock().expect("no panic while the owners are held").clone();
        for owner in owners {
            for export in self.jobs.list(&owner, None, u32::MAX).await.expect("the job store answers") {
                self.settled(&export).await;
            }
        }
    }

    /// Waits until an export has come to its end, its letter is sent, and what cannot be used any more is removed.
    pub async fn settled(&self, export: &Export) -> Export {
        self.until(export, "its end", |export| match &export.state {
            State::Queued | State::Running(_) => false,
            State::Failed { notify, removal, .. } => notify.is_none() && (removal.is_none() || export.can_be_retried()),
            State::Cancelled { removal, .. } => removal.is_none(),
            State::Succeeded { notify, .. } => notify.is_none(),
            State::Expired { .. } => true,
        })
        .await
    }

    /// Waits until an export is as wanted.
    pub async fn until(&self, export: &Export, what: &str, is_so: impl Fn(&Export) -> bool) -> Export {
        let mut changes = self.jobs.changes();
        let wait = async {
            loop {
                changes.borrow_and_update();
                let now = self.get(export).await;
                if is_so(&now) {
                    return now;
                }
                changes.changed().await.expect("the job store stands");
            }
        };
        match tokio::time::timeout(DEADLINE, wait).await {
            Ok(export) => export,
            Err(_) => panic!("no {what}: {:#?}\n{:#?}", self.get(export).await, self.jobs.events()),
        }
    }

    /// Does something at each moment for which `hook` answers with an act.
    pub fn on(&self, hook: impl Fn(&Moment) -> Option<Act> + Send + Sync + 'static) {
        self.interference.add(hook);
    }

    /// Does something at the first moment for which `hook` answers with an act.
    pub fn once(&self, hook: impl Fn(&Moment) -> Option<Act> + Send + Sync + 'static) {
        let done = AtomicBool::new(false);
        self.on(move |moment| {
            if done.load(Ordering::SeqCst) {
                return None;
            }
            hook(moment).filter(|_| !done.swap(true, Ordering::SeqCst))
        });
    }

    /// Holds everybody at each moment that `is_one` names.
    pub fn hold(&self, is_one: impl Fn(&Moment) -> bool + Send + Sync + 'static) -> Gate {
        let gate = Gate::default();
        let at_gate = gate.clone();
        self.on(move |moment| is_one(moment).then(|| at_gate.pass()));
        gate
    }

    /// Interferes no more.
    pub fn leave_alone(&self) {
        self.interference.clear();
    }
}

async fn job_store(settings: &Settings, folder: &TempDir, clock: Arc<dyn Clock>) -> Arc<dyn Jobs> {
    match settings.jobs {
        JobStore::Memory => Arc::new(MemoryJobs::new(clock, settings.limits.clone())),
        JobStore::Sqlite => {
            let path = folder.path().join("outhaul.db");
            Arc::new(SqliteStores::open(&path, clock, settings.limits.clone()).await.expect("a job store"))
        }
    }
}

fn slug(org: &str) -> Slug {
    org.parse().expect("an organisation's name")
}

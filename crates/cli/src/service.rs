//! The service in this process: the API, a worker, and what keeps both in order.

mod counted;
mod housekeeping;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use api::{App, Keys, Options, Ports};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use self::counted::Counted;
use crate::config::Downloads;
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::{self, Switch};
use crate::wiring::Installation;

/// How long the parts of the service have to end: the API lets requests run for 30 s, the worker's steps end early.
const DRAIN: Duration = Duration::from_secs(31);

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    api: bool,
    worker: bool,
}

impl Roles {
    /// `outhaul serve`.
    pub const BOTH: Self = Self { api: true, worker: true };
    /// `outhaul api`.
    pub const API: Self = Self { api: true, worker: false };
    /// `outhaul worker`.
    pub const WORKER: Self = Self { api: false, worker: true };

    /// Whether it answers requests of people.
    pub const fn has_api(self) -> bool {
        self.api
    }

    /// The command, which names the process to whoever finds the folder held.
    pub const fn name(self) -> &'static str {
        match (self.api, self.worker) {
            (true, false) => "outhaul api",
            (false, true) => "outhaul worker",
            _ => "outhaul serve",
        }
    }
}

/// The running service.
pub struct Service {
    /// Where it really listens.
    pub address: Option<SocketAddr>,
    parts: JoinSet<Result<(), Failure>>,
    stop: watch::Sender<bool>,
}

impl Service {
    /// Starts the parts; a worker alone answers at `listen` only whether it is alive and ready, and its counts. They stop
    /// when `outside` turns.
    ///
    /// # Errors
    /// Exit 6 where the address is taken or the keys cannot be read.
    pub async fn start(
        installation: &Installation,
        roles: Roles,
        listen: Option<SocketAddr>,
        outside: Switch,
    ) -> Result<Self, Failure> {
        let (stop, stopped) = watch::channel(false);
        let mut service = Self { address: None, parts: JoinSet::new(), stop };
        let listener = bind(listen).await?;
        service.address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
        // Links lead to an API, never to a worker's own address.
        let public = service.address.filter(|_| roles.api).unwrap_or(installation.config.http.listen);
        let public_url = installation.config.http.public_url(public);
        let app = app(installation, public_url.clone())?;
        if let Some(listener) = listener {
            let (app, stopped) = (Arc::clone(&app), stopped.clone());
            service.parts.spawn(async move {
                match roles.api {
                    true => api::serve(listener, app, stopped).await?,
                    false => api::serve_operations(listener, app, stopped).await?,
                }
                Ok(())
            });
        }
        if roles.worker {
            let observer = Arc::new(Counted(Arc::clone(&app.metrics)));
            let worker = installation.service_worker(&public_url, observer).await?;
            let stopped = stopped.clone();
            service.parts.spawn(async move {
                worker.run(stopped).await;
                Ok(())
            });
        }
        if roles.api {
            service.parts.spawn(housekeeping::run(app, installation.config.auth.days_of_a_key(), stopped));
        }
        service.follow(outside);
        info!(role = roles.name(), "started");
        Ok(service)
    }

    fn follow(&self, mut outside: Switch) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            interrupt::came(&mut outside).await;
            stop.send_replace(true);
        });
    }

    /// Asks all parts to end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until all parts have ended. One that ends by itself takes the others with it.
    pub async fn ended(mut self) -> Result<(), Failure> {
        let mut outcome = Ok(());
        if let Some(first) = self.parts.join_next().await {
            outcome = flat(first);
        }
        self.stop.send_replace(true);
        let rest = async {
            while let Some(next) = self.parts.join_next().await {
                if outcome.is_ok() {
                    outcome = flat(next);
                }
            }
        };
        if tokio::time::timeout(DRAIN, rest).await.is_err() {
            warn!(seconds = DRAIN.as_secs(), "not everything ended in time; leases left behind run out");
        }
        info!("stopped");
        outcome
    }
}

async fn bind(listen: Option<SocketAddr>) -> Result<Option<TcpListener>, Failure> {
    let Some(listen) = listen else { return Ok(None) };
    let bound = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"));
    bound.map(Some).or_exit(Exit::Unavailable)
}

fn flat(ended: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    ended.unwrap_or_else(|error| Err(anyhow!(error).context("a part of the service broke down").into()))
}

/// The API over the stores of the data folder.
pub fn app(installation: &Installation, public_url: String) -> Result<Arc<App>, Failure> {
    let config = &installation.config;
    let ports = Ports {
        jobs: Arc::clone(&installation.jobs),
        directory: Arc::clone(&installation.directory),
        accounts: Arc::clone(&installation.accounts),
        memberships: Arc::clone(&installation.memberships),
        audit: Arc::clone(&installation.audit),
        queue: Arc::clone(&installation.queue),
        limiter: Arc::clone(&installation.limiter),
        artifacts: Arc::clone(&installation.artifacts),
        lake: Arc::clone(&installation.lake),
        clock: Arc::clone(&installation.clock),
        random: Arc::clone(&installation.random),
    };
    let options = Options {
        public_url,
        issuer: config.auth.issuer.clone(),
        audience: config.auth.audience.clone(),
        limits: config.limits.clone(),
        sha256: config.worker.sha256,
        input_limits: config.ingest.input_limits(),
        sort_memory_bytes: config.ingest.sort_memory_bytes,
        rates: config.rates.rates()?,
        prices: config.rates.prices()?,
        trusted_proxies: config.http.trusted_proxies()?,
        presigned: config.http.downloads == Downloads::Presigned,
    };
    Ok(App::new(ports, keys(installation)?, options))
}

fn keys(installation: &Installation) -> Result<Keys, Failure> {
    let (clock, random) = (Arc::clone(&installation.clock), Arc::clone(&installation.random));
    let opened = match installation.config.auth.mounted_keys() {
        Some(folder) => Keys::mounted(folder, clock, random),
        None => Keys::open(&installation.folder.join("keys"), clock, random),
    };
    opened.or_exit(Exit::Unavailable)
}

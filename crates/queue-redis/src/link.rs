//! The connection that all callers share, kept up: who calls while Redis is away is told so at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::random::Random;
use redis::{Cmd, FromRedisValue};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::error::RedisTrouble;
use crate::task::Task;
use crate::wire::{Target, Wire};

/// The wait after the first try to connect that failed; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest wait between two tries.
const WAIT_LIMIT: Duration = Duration::from_secs(1);

/// Connects when it is first needed, and again whenever that connection is lost, for as long as it takes.
pub(crate) struct Link {
    shared: Arc<Shared>,
    /// Tries to connect; runs only while there is no connection.
    keeper: Mutex<Option<Task>>,
}

struct Shared {
    target: Arc<Target>,
    random: Arc<dyn Random>,
    state: watch::Sender<State>,
}

#[derive(Clone)]
enum State {
    /// The first try since the start or since a connection was lost: worth waiting for.
    Connecting,
    Up(Wire),
    /// The last try failed like this; others follow.
    Away(RedisTrouble),
}

impl Link {
    /// A link that is not connected yet.
    pub fn new(target: Arc<Target>, random: Arc<dyn Random>) -> Self {
        let state = watch::Sender::new(State::Connecting);
        Self { shared: Arc::new(Shared { target, random, state }), keeper: Mutex::default() }
    }

    /// Asks, and waits no longer than the target's deadlines: for an answer, and before it for a connection, unless it
    /// is known already that there is none.
    pub async fn ask<T>(&self, command: Cmd) -> Result<T, RedisTrouble>
    where
        T: FromRedisValue + Send + 'static,
    {
        let limit = self.shared.target.connect_timeout;
        let wire = timeout(limit, self.wire()).await.unwrap_or(Err(RedisTrouble::NotConnected(limit)))?;
        let limit = self.shared.target.answer_timeout;
        // A task of its own: a caller that goes before the deadline must not hide that the connection is silent.
        let answer = tokio::spawn(async move { wire.ask(&command, limit).await });
        answer.await.unwrap_or(Err(RedisTrouble::Broken))
    }

    async fn wire(&self) -> Result<Wire, RedisTrouble> {
        let mut states = self.shared.state.subscribe();
        self.keep_up();
        loop {
            let state = states.borrow_and_update().clone();
            match state {
                State::Up(wire) => return Ok(wire),
                State::Away(trouble) => return Err(trouble),
                State::Connecting => states.changed().await.map_err(|_| RedisTrouble::Broken)?,
            }
        }
    }

    /// Sees to it that there is a connection, or somebody who tries. A keeper may have ended with its runtime.
    fn keep_up(&self) {
        let mut keeper = self.keeper.lock().expect("no panic while the keeper is held");
        let is_up = matches!(&*self.shared.state.borrow(), State::Up(wire) if wire.is_good());
        if !is_up && !keeper.as_ref().is_some_and(Task::is_running) {
            self.shared.state.send_replace(State::Connecting);
            *keeper = Some(Task::spawn(Arc::clone(&self.shared).connect()));
        }
    }
}

impl Shared {
    /// Tries until there is a connection. What changes is logged, and not each try.
    async fn connect(self: Arc<Self>) {
        let mut wait = FIRST_WAIT;
        let mut is_away = false;
        loop {
            match Wire::connect(&self.target).await {
                Ok(wire) => {
                    if is_away {
                        info!("redis answers again");
                    }
                    self.state.send_replace(State::Up(wire));
                    return;
                }
                Err(trouble) => {
                    if !is_away {
                        warn!(error = %trouble, "redis is away");
                    }
                    is_away = true;
                    self.state.send_replace(State::Away(trouble));
                }
            }
            sleep(self.spread(wait)).await;
            wait = (wait * 2).min(WAIT_LIMIT);
        }
    }

    /// Between half of it and all, so that processes that lost Redis together do not come back together.
    fn spread(&self, wait: Duration) -> Duration {
        let mut chance = [0];
        self.random.fill(&mut chance);
        wait / 2 + wait / 2 * u32::from(chance[0]) / 255
    }
}

//! One connection to Redis, and questions on it that end in time.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::socket2::{SockRef, TcpKeepalive};
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisConnectionInfo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::error::RedisTrouble;
use crate::options::{RedisOptions, RedisOptionsError};
use crate::task::Task;
use crate::tls::Tls;

/// How long the kernel waits for the other side before it gives a connection up that nobody asks anything on.
const SILENCE: Duration = Duration::from_secs(10);
/// The time between two signs of life that it asks for, and how many may stay unanswered.
const KEEPALIVE: (Duration, u32) = (Duration::from_secs(3), 3);

/// Where Redis is and how it is spoken to.
pub(crate) struct Target {
    host: String,
    port: u16,
    tls: Option<Tls>,
    settings: RedisConnectionInfo,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub answer_timeout: Duration,
}

impl Target {
    /// Checks the options; nothing is connected yet.
    pub fn of(options: &RedisOptions) -> Result<Self, RedisOptionsError> {
        options.check()?;
        let mut settings = RedisConnectionInfo::default().set_db(options.database.into()).set_skip_set_lib_name();
        if let Some(password) = &options.password {
            settings = settings.set_password(password.reveal());
        }
        if let Some(user) = &options.user {
            settings = settings.set_username(user);
        }
        Ok(Self {
            host: options.host.clone(),
            port: options.port,
            tls: Tls::of(options)?,
            settings,
            connect_timeout: options.connect_timeout,
            answer_timeout: options.answer_timeout,
        })
    }

    /// Whether nobody on the way reads along.
    pub const fn is_protected(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether there is no way.
    pub fn is_this_machine(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// A connection on which many can ask at once; clones are the same one, and the last to go closes it.
#[derive(Clone)]
pub(crate) struct Wire {
    connection: MultiplexedConnection,
    state: Arc<WireState>,
}

struct WireState {
    /// Moves bytes to and fro until the connection ends.
    driver: Task,
    /// Whether something went wrong on it after which nobody should begin anything on it.
    is_given_up: AtomicBool,
}

impl Wire {
    /// Connects, and returns only once the server has answered: a way that takes connections and then stays silent
    /// counts as none.
    pub async fn connect(target: &Target) -> Result<Self, RedisTrouble> {
        let late = Err(RedisTrouble::NotConnected(target.connect_timeout));
        timeout(target.connect_timeout, Self::dial(target)).await.unwrap_or(late)
    }

    async fn dial(target: &Target) -> Result<Self, RedisTrouble> {
        let socket = TcpStream::connect((target.host.as_str(), target.port)).await?;
        tune(&socket)?;
        let wire = match &target.tls {
            None => Self::over(socket, target).await?,
            Some(tls) => Self::over(tls.connector.connect(tls.name.clone(), socket).await?, target).await?,
        };
        let () = wire.ask(&redis::cmd("PING"), target.connect_timeout).await?;
        Ok(wire)
    }

    async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        target: &Target,
    ) -> Result<Self, RedisTrouble> {
        // The crate's own deadline is the same for all questions, and kills those that wait on purpose.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (connection, driver) = MultiplexedConnection::new_with_config(&target.settings, stream, config).await?;
        let state = WireState { driver: Task::spawn(driver), is_given_up: AtomicBool::new(false) };
        Ok(Self { connection, state: Arc::new(state) })
    }

    /// Asks, and waits no longer than `deadline` for the answer.
    pub async fn ask<T: FromRedisValue>(&self, command: &Cmd, deadline: Duration) -> Result<T, RedisTrouble> {
        let mut connection = self.connection.clone();
        let answer = match timeout(deadline, command.query_async(&mut connection)).await {
            Ok(answer) => answer.map_err(RedisTrouble::from),
            Err(_) => Err(RedisTrouble::NotAnswered(deadline)),
        };
        if answer.as_ref().is_err_and(RedisTrouble::is_of_the_wire) {
            self.state.is_given_up.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// Whether there is no sign yet that it is broken.
    pub fn is_good(&self) -> bool {
        self.state.driver.is_running() && !self.state.is_given_up.load(Ordering::Relaxed)
    }
}

/// Deadlines end each question; these end connections that are dead and on which nobody asks.
fn tune(socket: &TcpStream) -> Result<(), RedisTrouble> {
    socket.set_nodelay(true)?;
    let (interval, retries) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(SILENCE).with_interval(interval).with_retries(retries);
    let socket = SockRef::from(socket);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(SILENCE))?;
    Ok(())
}

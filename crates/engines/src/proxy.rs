//! A TCP proxy that breaks the way between a client and a server: refused, frozen, slow or cut.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most bytes that pass in one go.
const CHUNK_BYTES: usize = 16 * 1024;

/// One wait of many, while nothing changes.
const LONG: Duration = Duration::from_secs(3600);

/// What the way is like. It holds for new connections and for what existing ones send from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Everything passes.
    Open,
    /// New connections are closed as soon as they are taken; existing ones go on, see [`Proxy::cut_all`].
    Refused,
    /// Connections are taken and stay, and not a byte moves either way. Once it opens, what was sent meanwhile passes.
    HalfOpen,
    /// Each chunk, of at most 16 KiB, waits this long, in both directions.
    Slow(Duration),
    /// A connection is closed in place of the next byte once this many bytes of answers have passed on it, counted from this
    /// setting on. Questions pass, so with 0 the server does what it was asked, and nobody hears of it.
    Cut {
        /// Bytes from server to client.
        after_bytes: u64,
    },
}

/// A proxy on a port of its own; dropping it closes it and its connections.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: String,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    wire: Wire,
    /// Goes up with each setting, so that who waits sees one and who counts begins anew.
    setting: u64,
    is_closed: bool,
    taken: u64,
    /// Both ends of each connection, to close them from outside.
    living: HashMap<u64, Vec<TcpStream>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

impl Proxy {
    /// One in front of `server`, `host:port`, which need not run yet.
    pub fn to(server: impl Into<String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        let state = State { wire: Wire::Open, setting: 0, is_closed: false, taken: 0, living: HashMap::new() };
        let shared = Arc::new(Shared { server: server.into(), state: Mutex::new(state), changed: Condvar::new() });
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || of_thread.take_connections(&listener));
        Self { address, shared }
    }

    /// `127.0.0.1:port`, for clients.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Changes what the way is like.
    pub fn set(&self, wire: Wire) {
        let mut state = self.shared.state();
        state.wire = wire;
        state.setting += 1;
        self.shared.changed.notify_all();
    }

    /// Closes every connection that there is.
    pub fn cut_all(&self) {
        let living = std::mem::take(&mut self.shared.state().living);
        living.values().flatten().for_each(close);
        self.shared.changed.notify_all();
    }

    /// How many connections were taken since it began, refused ones too.
    pub fn taken(&self) -> u64 {
        self.shared.state().taken
    }

    /// How many are open now.
    pub fn living(&self) -> usize {
        self.shared.state().living.len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state().is_closed = true;
        self.cut_all();
        // Wakes the thread that takes connections.
        let _ = TcpStream::connect(&self.address);
    }
}

impl Shared {
    fn take_connections(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            let mut state = self.state();
            if state.is_closed {
                return;
            }
            state.taken += 1;
            let id = state.taken;
            let Ok(client) = client else { continue };
            let Ok(second) = client.try_clone() else { continue };
            if state.wire == Wire::Refused {
                continue;
            }
            state.living.insert(id, vec![second]);
            drop(state);
            let of_thread = Arc::clone(&self);
            std::thread::spawn(move || {
                // Its peers see how it ends.
                let _ = of_thread.connect(id, &client);
                close(&client);
                of_thread.state().living.remove(&id);
            });
        }
    }

    /// Connects to the server and carries both directions until both have ended.
    fn connect(&self, id: u64, client: &TcpStream) -> io::Result<()> {
        if !self.waits_until_open(id) {
            return Ok(());
        }
        let server = TcpStream::connect(&self.server)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let Some(()) = self.state().living.get_mut(&id).map(|ends| ends.extend(server.try_clone())) else {
            return Ok(());
        };
        std::thread::scope(|scope| {
            scope.spawn(|| self.carry(id, client, &server, Direction::ToServer));
            self.carry(id, &server, client, Direction::ToClient);
        });
        Ok(())
    }

    /// Moves bytes until the sender has no more or the way is cut.
    fn carry(&self, id: u64, from: &TcpStream, to: &TcpStream, direction: Direction) {
        match self.moves(id, from, to, direction) {
            // One side has said all; the other may still answer.
            Ok(true) => drop(to.shutdown(Shutdown::Write)),
            Ok(false) | Err(_) => {
                close(from);
                close(to);
            }
        }
    }

    /// True when the sender ended in order, false when the way was cut.
    fn moves(&self, id: u64, mut from: &TcpStream, mut to: &TcpStream, direction: Direction) -> io::Result<bool> {
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut passed = Passed::default();
        loop {
            let length = from.read(&mut buffer)?;
            if !self.waits_until_open(id) {
                return Ok(false);
            }
            if length == 0 {
                return Ok(true);
            }
            let allowed = passed.allowed(&self.state(), direction, length);
            to.write_all(&buffer[..allowed])?;
            if allowed < length {
                return Ok(false);
            }
        }
    }

    /// Waits while the way is frozen, and once where it is slow; false when the connection was closed meanwhile.
    fn waits_until_open(&self, id: u64) -> bool {
        let mut state = self.state();
        while let Some(patience) = waiting_time(state.wire) {
            let setting = state.setting;
            let is_same =
                |state: &mut State| state.setting == setting && !state.is_closed && state.living.contains_key(&id);
            let (found, timeout) =
                self.changed.wait_timeout_while(state, patience, is_same).unwrap_or_else(PoisonError::into_inner);
            state = found;
            let has_waited = timeout.timed_out() && matches!(state.wire, Wire::Slow(_));
            if has_waited || state.is_closed || !state.living.contains_key(&id) {
                break;
            }
        }
        !state.is_closed && state.living.contains_key(&id)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn waiting_time(wire: Wire) -> Option<Duration> {
    match wire {
        Wire::Open | Wire::Refused | Wire::Cut { .. } => None,
        Wire::HalfOpen => Some(LONG),
        Wire::Slow(patience) => Some(patience),
    }
}

/// Bytes of one direction of one connection since the last setting.
#[derive(Default)]
struct Passed {
    setting: u64,
    bytes: u64,
}

impl Passed {
    /// How many of `length` bytes may pass.
    fn allowed(&mut self, state: &State, direction: Direction, length: usize) -> usize {
        if self.setting != state.setting {
            *self = Self { setting: state.setting, bytes: 0 };
        }
        let allowed = match state.wire {
            Wire::Cut { after_bytes } if direction == Direction::ToClient => {
                usize::try_from(after_bytes - self.bytes).unwrap_or(usize::MAX).min(length)
            }
            _ => length,
        };
        self.bytes += allowed as u64;
        allowed
    }
}

fn close(stream: &TcpStream) {
    // It may be closed already.
    let _ = stream.shutdown(Shutdown::Both);
}

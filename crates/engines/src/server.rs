//! One server process: started, waited for, stopped, killed, paused and started again on the same address.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::folder::Folder;
use crate::programs;

/// Time between two looks at whether something has happened.
const LOOK: Duration = Duration::from_millis(5);
/// Looks until a server counts as broken: at least a minute, since a busy machine is no fault of it.
const LOOKS_FOR_START: u32 = 12_000;
/// Looks until a server that was asked to stop is killed: about five seconds.
const LOOKS_FOR_STOP: u32 = 1_000;
/// Starts on other ports, or on the same one after a kill, until a server counts as broken.
const STARTS: u32 = 20;
const LOG: &str = "log";

/// What to run.
#[derive(Debug)]
pub struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'static str, String)>,
    /// Ends it at once and in order.
    pub stop: Signal,
}

/// A server in its folder.
#[derive(Debug)]
pub struct Server {
    launch: Launch,
    state: Mutex<State>,
    path: PathBuf,
    is_of_this_user: bool,
}

#[derive(Debug)]
struct State {
    folder: Folder,
    process: Option<Child>,
}

/// Tries to start a server, each time with what `prepare` makes anew, until one does; panics with the last one's log.
///
/// A port that was free may be taken a moment later, by another test.
pub fn start<T>(prepare: impl Fn() -> (Server, T), is_ready: impl Fn(&Server, &T) -> bool) -> (Server, T) {
    let mut last = String::new();
    for _ in 0..3 {
        let (server, rest) = prepare();
        match server.start_once(|| is_ready(&server, &rest)) {
            Ok(()) => return (server, rest),
            Err(why) => last = why,
        }
    }
    panic!("{last}");
}

impl Server {
    pub fn new(folder: Folder, launch: Launch) -> Self {
        let path = folder.path().to_owned();
        Self { launch, state: Mutex::new(State { folder, process: None }), path, is_of_this_user: false }
    }

    /// The same for a program that only this process' own user can run.
    pub fn run_by_this_user(mut self) -> Self {
        self.is_of_this_user = true;
        self
    }

    pub fn folder(&self) -> &std::path::Path {
        &self.path
    }

    /// The process, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.state().process.as_ref().map(Child::id)
    }

    /// Starts it and waits until it serves; an error is the end of its log.
    fn start_once(&self, is_ready: impl Fn() -> bool) -> Result<(), String> {
        self.spawn();
        for _ in 0..LOOKS_FOR_START {
            if self.has_ended() {
                return Err(format!("{} ended: {}", self.launch.program.display(), self.log()));
            }
            if is_ready() {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        self.kill();
        Err(format!("{} does not get ready: {}", self.launch.program.display(), self.log()))
    }

    /// Starts it again where it was, with what its folder still holds.
    ///
    /// PostgreSQL waits for the last of its old processes by ending itself, so that takes more than one try.
    pub fn start_again(&self, is_ready: impl Fn() -> bool) {
        self.kill();
        let mut last = String::new();
        for _ in 0..STARTS {
            match self.start_once(&is_ready) {
                Ok(()) => return,
                Err(why) => last = why,
            }
            std::thread::sleep(LOOK * 20);
        }
        panic!("{last}");
    }

    fn spawn(&self) {
        let log = OpenOptions::new().create(true).append(true).open(self.path.join(LOG)).expect("the folder is ours");
        let errors = log.try_clone().expect("a descriptor");
        let mut command = Command::new(&self.launch.program);
        let prepare = if self.is_of_this_user { programs::apart } else { programs::as_server };
        prepare(&mut command, &self.path);
        command.args(&self.launch.arguments).envs(self.launch.environment.iter().map(|(name, value)| (name, value)));
        // A group of its own: what ends this process at a terminal must not reach it before the keeper does.
        command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
        let process = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.launch.program.display()));
        let mut state = self.state();
        state.folder.keep(Some(process.id()));
        state.process = Some(process);
    }

    fn has_ended(&self) -> bool {
        let mut state = self.state();
        let has_ended = state.process.as_mut().is_none_or(|process| process.try_wait().is_ok_and(|end| end.is_some()));
        if has_ended {
            state.folder.keep(None);
            state.process = None;
        }
        has_ended
    }

    /// Ends it as a power cut would: no last word, nothing written.
    pub fn kill(&self) {
        let mut state = self.state();
        if let Some(mut process) = state.process.take() {
            // An error means that it has ended already.
            let _ = process.kill();
            state.folder.keep(None);
            let _ = process.wait();
        }
    }

    /// Freezes it and its children: connections stay, nobody answers.
    pub fn pause(&self) {
        self.signal_family(Signal::STOP);
    }

    /// Lets it go on after [`Server::pause`].
    pub fn resume(&self) {
        self.signal_family(Signal::CONT);
    }

    /// Also reaches the processes that PostgreSQL has for each connection.
    pub fn signal_family(&self, signal: Signal) {
        let Some(id) = self.id() else { return };
        for id in std::iter::once(id).chain(children(id)) {
            send(id, signal);
        }
    }

    /// The end of what it wrote, for a person to read.
    fn log(&self) -> String {
        let log = std::fs::read(self.path.join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(4_000)..]).into_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked meanwhile has left nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(process) = &mut state.process else { return };
        // A paused process takes no other signal before it goes on.
        send(process.id(), Signal::CONT);
        send(process.id(), self.launch.stop);
        for _ in 0..LOOKS_FOR_STOP {
            if process.try_wait().is_ok_and(|end| end.is_some()) {
                break;
            }
            std::thread::sleep(LOOK);
        }
        let _ = process.kill();
        state.folder.keep(None);
        let _ = process.wait();
    }
}

fn send(id: u32, signal: Signal) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    if let Some(id) = id {
        // It may have ended meanwhile.
        let _ = kill_process(id, signal);
    }
}

/// The processes whose parent this is (proc(5): the second field behind the name in parentheses).
fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |id: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        behind_name.split_whitespace().nth(1).and_then(|word| word.parse().ok()) == Some(parent)
    };
    ids.filter(is_child).collect()
}

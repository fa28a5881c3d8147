//! A Redis of the test's own: it starts in a moment, so each test breaks another one.

mod resp;
mod tls;

use std::io;
use std::path::Path;

use rustix::process::Signal;

use self::tls::Tls;
use crate::folder::Folder;
use crate::programs::{self, Engine};
use crate::server::{self, Launch, Server};
use crate::{left_out, ports, random};

/// A running `redis-server`: a random password, nothing on the disk unless the settings ask for it.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    way: Way,
}

/// How to get to it.
#[derive(Debug)]
struct Way {
    address: String,
    password: String,
    tls: Option<Tls>,
}

impl Redis {
    /// Starts one with these lines in its configuration, such as `("maxmemory", "2mb")`; they win over the defaults here.
    pub fn start(settings: &[(&str, &str)]) -> Option<Self> {
        Self::start_as(settings, false)
    }

    /// The same with a second, encrypted port, whose certificate for `localhost` and 127.0.0.1 is signed by [`Redis::authority_file`].
    pub fn start_with_tls(settings: &[(&str, &str)]) -> Option<Self> {
        Self::start_as(settings, true)
    }

    fn start_as(settings: &[(&str, &str)], with_tls: bool) -> Option<Self> {
        let Some(program) = programs::redis_server() else {
            left_out(Engine::Redis.name());
            return None;
        };
        let openssl = programs::in_path("openssl");
        if with_tls && openssl.is_none() {
            left_out("openssl");
            return None;
        }
        let prepare = || {
            let folder = Folder::new("redis", "KILL");
            let [port, tls_port] = ports::free();
            let tls = openssl.as_ref().filter(|_| with_tls).map(|openssl| Tls::make(openssl, &folder, tls_port));
            let own_password = settings.iter().find(|(name, _)| *name == "requirepass");
            let password = own_password.map_or_else(random::word, |(_, password)| (*password).to_owned());
            let way = Way { address: format!("127.0.0.1:{port}"), password, tls };
            let file = folder.write("redis.conf", configuration(&folder, port, &way, settings));
            let arguments = vec![file.into_os_string()];
            let launch = Launch { program: program.clone(), arguments, environment: Vec::new(), stop: Signal::KILL };
            (Server::new(folder, launch), way)
        };
        let (server, way) = server::start(prepare, |_, way| way.is_ready());
        Some(Self { server, way })
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.way.address
    }

    /// `redis://127.0.0.1:port/0`, without the password.
    pub fn url(&self) -> String {
        format!("redis://{}/0", self.way.address)
    }

    /// What `AUTH` takes; empty where the settings said so.
    pub fn password(&self) -> &str {
        &self.way.password
    }

    /// `localhost:port` of the encrypted port, where it was asked for; `rediss://` and `/0` around it make a url.
    pub fn tls_address(&self) -> Option<String> {
        self.way.tls.as_ref().map(Tls::address)
    }

    /// The certificate (PEM) that signed the server's, where TLS was asked for.
    pub fn authority_file(&self) -> Option<&Path> {
        self.way.tls.as_ref().map(Tls::authority)
    }

    /// Sends one command and answers its reply as text, the items of a list one on each line; panics without a connection.
    pub fn ask(&self, words: &[&str]) -> String {
        self.try_ask(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// The same; an error also where the server is killed, paused for seconds, or refuses.
    pub fn try_ask(&self, words: &[&str]) -> io::Result<String> {
        self.way.ask(words)
    }

    /// Ends it like a power cut.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Starts it on the same ports, killed or not; empty, unless the settings keep something on the disk.
    pub fn start_again(&self) {
        self.server.start_again(|| self.way.is_ready());
    }

    /// Freezes it: connections are taken and stay, nothing is answered.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Ends a pause; it answers what came meanwhile.
    pub fn resume(&self) {
        self.server.resume();
    }
}

impl Way {
    fn ask(&self, words: &[&str]) -> io::Result<String> {
        resp::ask(&self.address, &self.password, words)
    }

    /// It refuses with LOADING while it reads what it kept.
    fn is_ready(&self) -> bool {
        self.ask(&["PING"]).is_ok_and(|reply| reply == "PONG")
    }
}

fn configuration(folder: &Folder, port: u16, way: &Way, settings: &[(&str, &str)]) -> String {
    let mut lines = vec![
        "bind 127.0.0.1".to_owned(),
        format!("port {port}"),
        format!("dir {}", folder.path().display()),
        "save \"\"".to_owned(),
        "appendonly no".to_owned(),
        format!("requirepass \"{}\"", way.password),
    ];
    lines.extend(way.tls.as_ref().map(Tls::configuration));
    let others = settings.iter().filter(|(name, _)| *name != "requirepass");
    lines.extend(others.map(|(name, value)| format!("{name} {value}")));
    lines.join("\n") + "\n"
}

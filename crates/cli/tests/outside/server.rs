//! A running service and its clients, as real processes over real connections.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::support::{Outhaul, Ran, is_deep};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// The password of everybody in these tests.
pub const PASSWORD: &str = "correct horse battery";
const LOOK: Duration = Duration::from_millis(100);

/// A minute; ten with `--deep`, where engines are slower by seconds.
fn looks() -> u32 {
    if is_deep() { 6_000 } else { 600 }
}

/// A process of the service.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Server {
    /// Starts `serve` or `api` on a free port and waits until it listens.
    pub fn start(outhaul: &Outhaul, role: &str) -> Self {
        let mut command = outhaul.command(&["--json", role, "--listen", "127.0.0.1:0"]);
        Self::run(command.stderr(Stdio::null()))
    }

    /// Runs a command that says with `--json` where it listens, and waits until it does.
    pub fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, url: told["listening"].as_str().unwrap().to_owned() }
    }

    /// Starts a worker and waits until it is there: one that is told to stop before that dies of it.
    pub fn worker(outhaul: &Outhaul) -> Self {
        Self::start(outhaul, "worker")
    }

    /// Runs a command that listens nowhere.
    pub fn silent(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, url: String::new() }
    }

    /// Waits until the process has ended by itself.
    pub fn ended(mut self) -> ExitStatus {
        for _ in 0..looks() {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(LOOK);
        }
        panic!("the process goes on");
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Sends SIGTERM; the exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().unwrap().code()
    }
}

/// A test that fails leaves no process behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds that another process brings about.
#[track_caller]
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..looks() {
        if holds() {
            return;
        }
        std::thread::sleep(LOOK);
    }
    panic!("{what} did not come");
}

/// Makes a user and puts them into an organisation, which is made.
pub fn member(outhaul: &Outhaul, org: &str, email: &str, role: &str) {
    outhaul.run(&["org", "create", org]);
    let mut create = outhaul.command(&["user", "create", email]);
    Ran::of(&create.env("OUTHAUL_PASSWORD", PASSWORD).output().unwrap()).expect(0);
    outhaul.run(&["member", "add", org, email, "--role", role]).expect(0);
}

/// One client.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    /// Its access token.
    pub token: String,
}

/// An answer: its status, its body, its Location.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Where the thing is that was made.
    pub location: Option<String>,
    /// When to ask again (seconds).
    pub retry_after: Option<u64>,
}

impl Answer {
    /// The JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, String::from_utf8_lossy(&self.body)))
    }
}

impl Client {
    /// Somebody who signs in.
    pub fn sign_in(server: &Server, email: &str) -> Self {
        Self::try_sign_in(server, email).expect("the service answers")
    }

    /// The same, where the answer may get lost.
    pub fn try_sign_in(server: &Server, email: &str) -> Option<Self> {
        // A connection each: the service closes one whose request it refused before it had read all of it, and this
        // client would find that out with the next request.
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_idle_connections(0);
        let agent = config.build().new_agent();
        let mut client = Self { agent, url: server.url.clone(), token: String::new() };
        let body = json!({ "email": email, "password": PASSWORD }).to_string().into_bytes();
        let headers = [("content-type", "application/json")];
        let login = client.try_request("POST", "/v1/auth/login", &headers, Some(body)).ok()?;
        client.token = login.json()["access_token"].as_str().unwrap().to_owned();
        Some(client)
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], None)
    }

    /// A request with a JSON body.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
        self.request(method, path, &headers, Some(serde_json::to_vec(body).unwrap()))
    }

    /// Any request; a path, or a whole address.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Answer {
        self.try_request(method, path, headers, body).unwrap()
    }

    /// The same, where the answer may get lost.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, ureq::Error> {
        let is_ours = path.starts_with('/');
        let url = if is_ours { format!("{}{path}", self.url) } else { path.to_owned() };
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if is_ours && !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut response = answered?;
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (location, retry_after) =
            (header("location"), header("retry-after").map(|seconds| seconds.parse().unwrap()));
        let body = response.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), body, location, retry_after })
    }

    /// Asks for messages of an organisation; the path of the export.
    pub fn ask(&self, org: &str, days: (&str, &str)) -> String {
        let request = json!({ "dataset": "messages", "from": days.0, "to": days.1 });
        let answer = self.send("POST", &format!("/v1/organisations/{org}/exports"), &[], &request);
        assert_eq!(answer.status, 202, "{}", answer.json());
        answer.location.unwrap()
    }

    /// Waits until an export is in this state.
    pub fn wait_for(&self, export: &str, state: &str) -> Value {
        for _ in 0..looks() {
            let seen = self.get(export).json();
            if seen["state"] == state {
                return seen;
            }
            assert!(["queued", "running"].contains(&seen["state"].as_str().unwrap_or_default()), "{seen}");
            std::thread::sleep(LOOK);
        }
        panic!("{export} did not come to {state}");
    }

    /// A fresh link to the only file of an export.
    pub fn link(&self, export: &str) -> String {
        let answer = self.send("POST", &format!("{export}/links"), &[], &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["url"].as_str().unwrap().to_owned()
    }
}

//! ministack, an emulator of many services of AWS in one process of Python; here for DynamoDB.

use std::path::Path;

use rustix::process::Signal;

use super::answers;
use crate::folder::Folder;
use crate::programs::{self, Engine};
use crate::server::{self, Launch, Server};
use crate::{left_out, ports};

/// A running server.
#[derive(Debug)]
pub struct Ministack {
    server: Server,
    address: String,
}

impl Ministack {
    /// Starts one; that takes a second or two.
    pub fn start() -> Option<Self> {
        let Some(program) = programs::ministack() else {
            left_out(Engine::Ministack.name());
            return None;
        };
        Some(Self::start_program(&program))
    }

    /// The same by a program `ministack` that is known.
    pub fn start_program(program: &Path) -> Self {
        let (server, address) = server::start(|| prepare(program), |_, address| answers(address));
        Self { server, address }
    }

    /// `http://127.0.0.1:port`, for each of its services.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it like a power cut; what it holds goes with it.
    pub fn kill(&self) {
        self.server.kill();
    }
}

fn prepare(program: &Path) -> (Server, String) {
    let folder = Folder::new("ministack", "KILL");
    let [port] = ports::free();
    let environment = vec![
        ("BIND_HOST", "127.0.0.1".to_owned()),
        ("GATEWAY_PORT", port.to_string()),
        ("STATE_DIR", folder.path().join("state").display().to_string()),
        // Else it listens on a port of its own that is always the same.
        ("IOT_MTLS_ENABLED", "0".to_owned()),
        ("LOG_LEVEL", "WARNING".to_owned()),
    ];
    // A script of an environment of Python, whose interpreter may lie where other users have no access.
    let launch = Launch { program: program.to_owned(), arguments: Vec::new(), environment, stop: Signal::KILL };
    (Server::new(folder, launch).run_by_this_user(), format!("127.0.0.1:{port}"))
}

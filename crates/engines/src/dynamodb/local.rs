//! DynamoDB Local, by Amazon: the real engine of expressions and conditions, in memory.
//!
//! It listens on all addresses of the machine and has no option for another; what it holds is of tests.

use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::answers;
use crate::folder::Folder;
use crate::programs::{self, Engine};
use crate::server::{self, Launch, Server};
use crate::{left_out, ports};

/// A running server.
#[derive(Debug)]
pub struct DynamoDbLocal {
    server: Server,
    address: String,
}

impl DynamoDbLocal {
    /// Starts one; that takes some seconds. A test that only needs tables takes [`super::Tables::local`].
    pub fn start() -> Option<Self> {
        let Some(jar) = programs::dynamodb_jar() else {
            left_out(Engine::DynamoDbLocal.name());
            return None;
        };
        Self::start_jar(&jar)
    }

    /// The same from a file that is known.
    pub fn start_jar(jar: &Path) -> Option<Self> {
        let Some(java) = programs::java() else {
            left_out("java");
            return None;
        };
        let (server, address) = server::start(|| prepare(&java, jar), |_, address| answers(address));
        Some(Self { server, address })
    }

    /// `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it like a power cut; its tables go with it.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Starts it on the same port, with nothing in it.
    pub fn start_again(&self) {
        self.server.start_again(|| answers(&self.address));
    }

    /// Freezes it.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.server.resume();
    }
}

fn prepare(java: &Path, jar: &Path) -> (Server, String) {
    let folder = Folder::new("dynamodb", "KILL");
    let jar = if programs::is_open_to_server(jar) { jar.to_owned() } else { copy(&folder, jar) };
    let libraries = jar.with_file_name("DynamoDBLocal_lib");
    let [port] = ports::free();
    let arguments = vec![
        format!("-Djava.library.path={}", libraries.display()).into(),
        format!("-Djava.io.tmpdir={}", folder.path().display()).into(),
        "-Xmx512m".into(),
        "-XX:+UseSerialGC".into(),
        "-XX:TieredStopAtLevel=1".into(),
        "-jar".into(),
        jar.into_os_string(),
        "-inMemory".into(),
        "-sharedDb".into(),
        "-disableTelemetry".into(),
        "-port".into(),
        port.to_string().into(),
    ];
    let launch = Launch { program: java.to_owned(), arguments, environment: Vec::new(), stop: Signal::KILL };
    (Server::new(folder, launch), format!("127.0.0.1:{port}"))
}

/// For a user who cannot get to where it was installed.
fn copy(folder: &Folder, jar: &Path) -> PathBuf {
    let from = jar.with_file_name("DynamoDBLocal_lib");
    let libraries = std::fs::read_dir(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    for library in libraries.flatten() {
        let name = Path::new("DynamoDBLocal_lib").join(library.file_name());
        folder.copy(&library.path(), &name);
    }
    folder.copy(jar, Path::new("DynamoDBLocal.jar"))
}

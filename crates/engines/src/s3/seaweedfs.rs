//! SeaweedFS in one process, `weed mini`: an S3 server that refuses wrong signatures, and an Iceberg REST catalog.

use std::path::Path;

use rustix::process::Signal;

use super::bucket::Bucket;
use super::client;
use super::signature::Keys;
use super::warehouse::Warehouse;
use crate::folder::Folder;
use crate::programs::{self, Engine};
use crate::server::{self, Launch, Server};
use crate::{left_out, ports, random};

/// SeaweedFS takes any; this is what S3 clients suppose when nobody says.
const REGION: &str = "us-east-1";

/// A running server.
#[derive(Debug)]
pub struct SeaweedFs {
    server: Server,
    way: Way,
}

#[derive(Clone, Debug)]
struct Way {
    endpoint: String,
    catalog: String,
    keys: Keys,
}

impl SeaweedFs {
    /// Starts one; that takes a second or two and half a gigabyte. A test that only needs a bucket takes [`Bucket::fresh`].
    pub fn start() -> Option<Self> {
        let Some(program) = programs::weed() else {
            left_out(Engine::SeaweedFs.name());
            return None;
        };
        Some(Self::start_program(&program))
    }

    /// The same by a program `weed` that is known.
    pub fn start_program(weed: &Path) -> Self {
        let (server, way) = server::start(|| prepare(weed), |_, way| way.is_ready());
        Self { server, way }
    }

    /// `http://127.0.0.1:port`; buckets stand in the path.
    pub fn endpoint(&self) -> &str {
        &self.way.endpoint
    }

    /// The address of its Iceberg REST catalog.
    pub fn catalog(&self) -> &str {
        &self.way.catalog
    }

    /// Who may do everything.
    pub fn access_key(&self) -> &str {
        &self.way.keys.access_key
    }

    /// The key that signs.
    pub fn secret_key(&self) -> &str {
        &self.way.keys.secret_key
    }

    /// The region that signatures name.
    pub fn region(&self) -> &str {
        &self.way.keys.region
    }

    /// An empty bucket here.
    pub fn bucket(&self) -> Bucket {
        Bucket::make(self.way.endpoint.clone(), self.way.keys.clone())
    }

    /// An empty warehouse here.
    pub fn warehouse(&self) -> Warehouse {
        Warehouse::make(&self.way.endpoint, self.way.catalog.clone(), self.way.keys.clone())
    }

    /// Ends it like a power cut.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Starts it on the same port with the same objects, killed or not.
    pub fn start_again(&self) {
        self.server.start_again(|| self.way.is_ready());
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

impl Way {
    /// It lists buckets before it can write, so an object is stored.
    fn is_ready(&self) -> bool {
        let status = |method: &str, target: &str| {
            let answer = client::ask(&self.endpoint, &self.keys, method, target, &[], b"x");
            answer.map_or(0, |answer| answer.status)
        };
        // The bucket may be there from the look before.
        [200, 409].contains(&status("PUT", "/is-it-ready"))
            && status("PUT", "/is-it-ready/object") == 200
            && status("DELETE", "/is-it-ready") == 204
            && client::ask(&self.catalog, &self.keys, "GET", "/v1/config", &[], b"")
                .is_ok_and(|answer| answer.status == 200)
    }
}

fn prepare(program: &Path) -> (Server, Way) {
    // It has nothing to tell that matters behind the test: what it was told to keep lies in the folder.
    let folder = Folder::new("s3", "KILL");
    let program = if programs::is_open_to_server(program) { program.to_owned() } else { folder.copy_program(program) };
    let [s3, s3_grpc, iceberg, master, master_grpc, volume, volume_grpc, filer, filer_grpc, admin, admin_grpc, webdav] =
        ports::free();
    let data = folder.path().display();
    let options = [
        format!("-dir={data}"),
        "-ip=127.0.0.1".to_owned(),
        "-ip.bind=127.0.0.1".to_owned(),
        format!("-s3.port={s3}"),
        format!("-s3.port.grpc={s3_grpc}"),
        format!("-s3.localSocket={data}/s3.sock"),
        format!("-master.port={master}"),
        format!("-master.port.grpc={master_grpc}"),
        format!("-volume.port={volume}"),
        format!("-volume.port.grpc={volume_grpc}"),
        format!("-filer.port={filer}"),
        format!("-filer.port.grpc={filer_grpc}"),
        format!("-filer.localSocket={data}/filer.sock"),
        format!("-admin.port={admin}"),
        format!("-admin.port.grpc={admin_grpc}"),
        format!("-webdav.port={webdav}"),
        "-webdav=false".to_owned(),
        "-admin.ui=false".to_owned(),
        format!("-s3.port.iceberg={iceberg}"),
        "-s3.port.lance=0".to_owned(),
        // A bucket that is not there is an error, as it is elsewhere.
        "-s3.autoCreateBucket=false".to_owned(),
        "-master.telemetry=false".to_owned(),
        "-master.volumeSizeLimitMB=64".to_owned(),
    ];
    let arguments = std::iter::once("mini".into()).chain(options.into_iter().map(Into::into)).collect();
    let region = REGION.to_owned();
    let keys = Keys { access_key: random::word()[..20].to_uppercase(), secret_key: random::word(), region };
    let environment = vec![
        ("AWS_ACCESS_KEY_ID", keys.access_key.clone()),
        ("AWS_SECRET_ACCESS_KEY", keys.secret_key.clone()),
        // Each bucket begins with one volume instead of seven: tests make many buckets and put little into them.
        ("WEED_MASTER_VOLUME_GROWTH_COPY_1", "1".to_owned()),
        ("GOMEMLIMIT", "512MiB".to_owned()),
    ];
    let launch = Launch { program, arguments, environment, stop: Signal::KILL };
    let address = |port| format!("http://127.0.0.1:{port}");
    (Server::new(folder, launch), Way { endpoint: address(s3), catalog: address(iceberg), keys })
}

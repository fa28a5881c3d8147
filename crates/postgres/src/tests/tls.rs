//! The wire is encrypted where that is asked for, and only with whom it should.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use engines::{Postgres, left_out};
use tokio::time::timeout;

use super::*;
use crate::Tls;

/// Run by the server, in its folder: a key, and a certificate for `localhost` that vouches for itself.
const CERTIFICATE: &str = "COPY (SELECT) TO PROGRAM '
    umask 077
    printf \"%s\\n\" [req] distinguished_name=name [name] [server] basicConstraints=critical,CA:FALSE subjectAltName=DNS:localhost > c.cnf
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -config c.cnf -extensions server -keyout server.key -out server.crt 2> /dev/null'";

/// The cluster speaks TLS from now on; answers the certificate.
fn with_tls(world: &World) -> String {
    world.engine.sql(CERTIFICATE);
    world.engine.sql("ALTER SYSTEM SET ssl = on");
    world.engine.sql("SELECT pg_reload_conf()");
    while world.engine.sql("SHOW ssl") == "off" {}
    world.engine.sql("SELECT pg_read_file('server.crt')")
}

async fn is_encrypted(options: &PostgresOptions) -> Result<bool, PostgresError> {
    let ask = || query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    let row = open(options).read(Settings::none(), |tx| Box::pin(async move { tx.one("ask", ask()).await })).await?;
    get("an answer", &row.expect("a connection knows itself"), 0)
}

#[tokio::test]
async fn the_other_side_shows_who_it_is() {
    if Command::new("openssl").arg("version").output().is_err() {
        return left_out("openssl");
    }
    let Some(postgres) = Postgres::start() else { return };
    let world = World::on(postgres.database()).await;
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, with_tls(&world)).unwrap();
    let (_, port) = postgres.address().split_once(':').unwrap();
    let by = |host: &str, tls: Tls| behind(&format!("{host}:{port}"), world.service.url()).with_tls(tls);
    let verify = |ca_file: Option<&Path>| Tls::VerifyFull { ca_file: ca_file.map(Path::to_owned) };
    assert!(is_encrypted(&by("localhost", verify(Some(&ca_file)))).await.unwrap());
    assert!(is_encrypted(&by("localhost", Tls::Require)).await.unwrap());
    assert!(!is_encrypted(&by("localhost", Tls::Disable)).await.unwrap());
    // Nobody vouches for it; it is somebody else's.
    for strange in [by("localhost", verify(None)), by("127.0.0.1", verify(Some(&ca_file)))] {
        let refused = timeout(Duration::from_secs(2), is_encrypted(&strange)).await.expect("it ends in time");
        assert!(format!("{:?}", refused.unwrap_err()).contains("InvalidCertificate"));
    }
}

/// Who asks for an encrypted wire gets no other.
#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let Some(world) = World::fresh().await else { return };
    let refused = is_encrypted(&world.options().with_tls(Tls::Require)).await.unwrap_err();
    assert!(!refused.retryable(), "{refused:?}");
}

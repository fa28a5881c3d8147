//! A certificate for a server of this machine and the authority that signed it, by the command `openssl`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::Folder;
use crate::programs;

/// Where the encrypted port is, and who vouches for it.
#[derive(Debug)]
pub struct Tls {
    port: u16,
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// Makes both in the server's folder; they are valid for two days.
    pub fn make(openssl: &Path, folder: &Folder, port: u16) -> Self {
        let file = |name: &str| folder.path().join(name);
        let (authority, authority_key) = (file("authority.pem"), file("authority.key"));
        let (certificate, key) = (file("server.pem"), file("server.key"));
        let run = |arguments: &[&str], key: &Path, out: &Path| {
            let mut command = Command::new(openssl);
            programs::as_server(&mut command, folder.path());
            command.args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2".split(' '));
            command.arg("-keyout").arg(key).arg("-out").arg(out).args(arguments);
            let output = command.output().expect("openssl can be run");
            assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
        };
        let of_authority = ["-subj", "/CN=authority of one test", "-addext", "keyUsage=critical,keyCertSign"];
        run(&of_authority, &authority_key, &authority);
        let signed_by = [&authority, &authority_key].map(|path| path.to_str().expect("our own names are UTF-8"));
        let of_server = [
            "-subj",
            "/CN=localhost",
            "-CA",
            signed_by[0],
            "-CAkey",
            signed_by[1],
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ];
        run(&of_server, &key, &certificate);
        Self { port, authority, certificate, key }
    }

    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// Lines for Redis; clients show no certificate.
    pub fn configuration(&self) -> String {
        format!(
            "tls-port {}\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\ntls-auth-clients no",
            self.port,
            self.certificate.display(),
            self.key.display(),
            self.authority.display()
        )
    }
}

//! A certificate for a server of this machine and the authority that signed it, by the command `openssl`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::Folder;
use crate::programs;

/// Extensions of both certificates; without an own file those of the system's would be added.
const CONFIGURATION: &str = "
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
";

/// A key on P-256 without a passphrase and a certificate for two days.
const REQUEST: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";

/// Where the encrypted port is, and who vouches for it.
#[derive(Debug)]
pub struct Tls {
    port: u16,
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// Makes both certificates in the server's folder.
    pub fn make(openssl: &Path, folder: &Folder, port: u16) -> Self {
        let file = |name: &str| folder.path().join(name);
        let (authority, authority_key) = (file("authority.pem"), file("authority.key"));
        let (certificate, key) = (file("server.pem"), file("server.key"));
        let configuration = folder.write("openssl.cnf", CONFIGURATION);
        let request = |extensions: &str, key: &Path, out: &Path| {
            let mut command = Command::new(openssl);
            programs::as_server(&mut command, folder.path());
            command.args(REQUEST.split(' ')).arg("-config").arg(&configuration).args(["-extensions", extensions]);
            command.arg("-keyout").arg(key).arg("-out").arg(out);
            command
        };
        run(request("authority", &authority_key, &authority).args(["-subj", "/CN=authority of one test"]));
        let mut signed = request("server", &key, &certificate);
        run(signed.args(["-subj", "/CN=localhost", "-CA"]).arg(&authority).arg("-CAkey").arg(&authority_key));
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

fn run(openssl: &mut Command) {
    let output = openssl.output().expect("openssl can be run");
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}

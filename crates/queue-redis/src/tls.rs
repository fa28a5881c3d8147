//! TLS by rustls: whom we trust, read once at the start.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::options::{RedisOptions, RedisOptionsError};

/// How the way to one server is protected, and the name that it must show.
#[derive(Clone)]
pub(crate) struct Tls {
    /// Makes the handshake.
    pub connector: TlsConnector,
    /// The name, or the address.
    pub name: ServerName<'static>,
}

impl Tls {
    /// What the options ask for.
    ///
    /// Trusts the certificates of `ca_file` alone, or those of the system without it.
    pub fn of(options: &RedisOptions) -> Result<Option<Self>, RedisOptionsError> {
        if !options.tls {
            return Ok(None);
        }
        let name = ServerName::try_from(options.host.clone()).map_err(|_| RedisOptionsError::Url)?;
        let trusted = match &options.ca_file {
            Some(file) => of_file(file)?,
            None => of_the_system()?,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has ciphers for TLS 1.2 and 1.3")
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(Some(Self { connector: TlsConnector::from(Arc::new(config)), name }))
    }
}

fn of_file(file: &Path) -> Result<RootCertStore, RedisOptionsError> {
    let pem = std::fs::read(file).map_err(RedisOptionsError::CaFile)?;
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| RedisOptionsError::Certificates)?;
        trusted.add(certificate).map_err(|_| RedisOptionsError::Certificates)?;
    }
    if trusted.is_empty() { Err(RedisOptionsError::Certificates) } else { Ok(trusted) }
}

fn of_the_system() -> Result<RootCertStore, RedisOptionsError> {
    let mut trusted = RootCertStore::empty();
    // One that cannot be read is no reason to trust none.
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if trusted.is_empty() { Err(RedisOptionsError::NoCertificates) } else { Ok(trusted) }
}

//! TLS as the system trusts it.

use std::sync::Arc;

use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::exit::Failure;

/// TLS 1.2 and 1.3 with the roots that the system trusts.
pub fn config() -> Result<TlsConfig, Failure> {
    let found = rustls_native_certs::load_native_certs();
    // A system without any is no error before a connection needs one.
    let roots = found.certs.iter().map(|der| Certificate::from_der(der.as_ref()).to_owned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::from(roots.collect::<Vec<_>>()))
        .unversioned_rustls_crypto_provider(provider)
        .build())
}

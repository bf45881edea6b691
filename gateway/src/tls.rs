//! TLS on the main listener: the gateway's own certificate, loaded and checked before anything is served.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio_rustls::TlsAcceptor;

use crate::settings::{TlsSettings, TlsVersion};

/// Why the gateway has no TLS to offer, although it is told to.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing, not readable, or not PEM.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The files are well-formed, and no certificate and key that go together.
    #[error("{} and {} are not a certificate and its private key: {source}", certificate.display(), private_key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        private_key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

/// What accepts TLS connections with the certificate that the settings name.
///
/// # Errors
///
/// See [`TlsError`].
pub(crate) fn acceptor(settings: &TlsSettings) -> Result<TlsAcceptor, TlsError> {
    let pair = |source| TlsError::Pair {
        certificate: settings.certificate.clone(),
        private_key: settings.private_key.clone(),
        source,
    };
    let key = PrivateKeyDer::from_pem_file(&settings.private_key).map_err(file(&settings.private_key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&versions(settings.minimum))
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain(&settings.certificate)?, key)
        .map_err(pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(file(path))?.collect();
    let chain = chain.map_err(file(path))?;
    if chain.is_empty() { Err(file(path)(pem::Error::NoItemsFound)) } else { Ok(chain) }
}

fn file(path: &Path) -> impl FnOnce(pem::Error) -> TlsError {
    let path = path.to_owned();
    |source| TlsError::File { path, source }
}

fn versions(minimum: TlsVersion) -> Vec<&'static SupportedProtocolVersion> {
    match minimum {
        TlsVersion::V1_2 => vec![&TLS13, &TLS12],
        TlsVersion::V1_3 => vec![&TLS13],
    }
}

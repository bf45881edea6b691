//! TLS to clients and operators: the gateway's own certificates, read and checked before anything is served with them.
//!
//! In: what the settings name. Out: what serves, or why it cannot; and what an operator should look at.

mod by_name;
mod certificate;
mod files;
mod handshakes;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::crypto::{self, CryptoProvider};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use self::by_name::ByName;
use self::certificate::Validity;
use crate::clock::UnixSeconds;
use crate::secrets::{FileFault, Keyring, Secret};
use crate::settings::{ClientCertificateSettings, PairSettings, TlsSettings, TlsVersion};

pub(crate) use self::files::{Files, is_readable_by_all};
pub(crate) use self::handshakes::Handshakes;

/// The longest file of certificates or of a key, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// How long before its end a certificate is warned of.
const SOON: Duration = Duration::from_hours(14 * 24);

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
    /// A file cannot be read, or cannot be decrypted.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: FileFault,
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
    /// The certificate's time is over.
    #[error("{}: the certificate has expired, {} ago", path.display(), days(*.ago))]
    Expired {
        /// The certificate's file.
        path: PathBuf,
        /// How long ago.
        ago: Duration,
    },
    /// The certificate's time has not come.
    #[error("{}: the certificate is not valid yet, only in {}", path.display(), days(*.ahead))]
    NotYetValid {
        /// The certificate's file.
        path: PathBuf,
        /// How far its time is.
        ahead: Duration,
    },
    /// The issuers of clients' certificates cannot be used.
    #[error("{}: no issuers of client certificates: {source}", path.display())]
    Issuers {
        /// Their file.
        path: PathBuf,
        /// Why not.
        source: VerifierBuilderError,
    },
    /// The TLS library refuses the versions.
    #[error("{0}")]
    Versions(#[source] rustls::Error),
}

/// What serves over TLS.
pub(crate) struct TlsServer {
    /// Shared by all workers, its tickets with it: a client may resume on whichever it meets.
    pub(crate) config: Arc<ServerConfig>,
    /// The files of certificates, and when those are good.
    validities: Vec<(PathBuf, Validity)>,
    private_keys: Vec<PathBuf>,
}

impl TlsServer {
    /// Reads what the settings name; certificates must be good at `now`.
    ///
    /// # Errors
    ///
    /// See [`TlsError`].
    pub(crate) fn read(settings: &TlsSettings, keyring: &Keyring, now: UnixSeconds) -> Result<Self, TlsError> {
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let (mut keys, mut validities, mut private_keys) = (Vec::new(), Vec::new(), Vec::new());
        for pair in std::iter::once(&settings.pair).chain(&settings.by_name) {
            let key = read_pair(pair, keyring, &provider)?;
            validities.extend(check_validity(pair, &key, now)?.map(|validity| (pair.certificate.clone(), validity)));
            keys.push(Arc::new(key));
            private_keys.push(pair.private_key.clone());
        }
        let verifier = match &settings.clients {
            Some(clients) => client_verifier(clients, keyring, &provider)?,
            None => Arc::new(NoClientAuth),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(settings.minimum))
            .map_err(TlsError::Versions)?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(ByName(keys)));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Tickets keep what is needed to resume at the client: nothing is stored here, and no worker waits for another.
        config.ticketer = crypto::aws_lc_rs::Ticketer::new().map_err(TlsError::Versions)?;
        Ok(Self { config: Arc::new(config), validities, private_keys })
    }

    /// What an operator should look at before it becomes a fault.
    pub(crate) fn warnings(&self, now: UnixSeconds) -> Vec<String> {
        let mut warnings = Vec::new();
        for (path, validity) in &self.validities {
            let left = validity.left(now);
            if left.is_zero() {
                warnings.push(format!("{}: the certificate has expired, clients refuse it", path.display()));
            } else if left < SOON {
                warnings.push(format!("{}: the certificate expires in {}", path.display(), days(left)));
            }
        }
        let open = self.private_keys.iter().filter(|path| is_readable_by_all(path));
        warnings.extend(open.map(|path| format!("{}: the private key can be read by everybody", path.display())));
        warnings
    }
}

fn read_pair(pair: &PairSettings, keyring: &Keyring, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let mismatch = |source| TlsError::Pair {
        certificate: pair.certificate.clone(),
        private_key: pair.private_key.clone(),
        source,
    };
    let chain = read_certificates(&pair.certificate, keyring)?;
    let key = read(&pair.private_key, keyring)?;
    let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(file(&pair.private_key))?;
    CertifiedKey::from_der(chain, key, provider).map_err(mismatch)
}

/// When the certificate is good, if that can be told.
fn check_validity(pair: &PairSettings, key: &CertifiedKey, now: UnixSeconds) -> Result<Option<Validity>, TlsError> {
    let Some(validity) = key.cert.first().and_then(|own| certificate::validity(own)) else { return Ok(None) };
    let path = pair.certificate.clone();
    if now.0 > validity.not_after.0 {
        return Err(TlsError::Expired { path, ago: Duration::from_secs(now.0 - validity.not_after.0) });
    }
    if now.0 < validity.not_before.0 {
        return Err(TlsError::NotYetValid { path, ahead: Duration::from_secs(validity.not_before.0 - now.0) });
    }
    Ok(Some(validity))
}

fn client_verifier(
    settings: &ClientCertificateSettings,
    keyring: &Keyring,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let issuers = |source| TlsError::Issuers { path: settings.issuers.clone(), source };
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(&settings.issuers, keyring)? {
        roots.add(certificate).map_err(|_| issuers(VerifierBuilderError::NoRootAnchors))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = if settings.is_required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(issuers)
}

fn read_certificates(path: &Path, keyring: &Keyring) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path, keyring)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.expose()).collect();
    let chain = chain.map_err(file(path))?;
    if chain.is_empty() { Err(file(path)(pem::Error::NoItemsFound)) } else { Ok(chain) }
}

fn read(path: &Path, keyring: &Keyring) -> Result<Secret, TlsError> {
    keyring.read_file(path, MAX_BYTES).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
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

/// Whose certificate the client at the other end has shown, if it has shown one: its common name, else its digest.
pub(crate) fn client_name(stream: &TlsStream<TcpStream>) -> Option<String> {
    let own = stream.get_ref().1.peer_certificates()?.first()?;
    Some(certificate::common_name(own).unwrap_or_else(|| {
        let digest = digest(&SHA256, own);
        digest.as_ref().iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }))
}

/// A time that people think of in days.
fn days(duration: Duration) -> String {
    match duration.as_secs() / 86_400 {
        0 => format!("{} h", duration.as_secs() / 3_600),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

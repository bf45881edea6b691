//! Certificates for tests, and clients that believe them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub(crate) struct Pair {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) certificate_pem: String,
    pub(crate) key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for this name, good today.
    pub(crate) fn issue(&self, name: &str) -> Pair {
        self.issue_for(name, (2020, 2099))
    }

    /// A certificate for this name, good from the start of one year to the start of another.
    pub(crate) fn issue_for(&self, name: &str, (from, to): (i32, i32)) -> Pair {
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.not_before = date_time_ymd(from, 1, 1);
        parameters.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.der().clone(), certificate_pem: certificate.pem(), key }
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A client that believes what this authority has signed, and shows this certificate if it is asked for one.
    pub(crate) fn client(&self, own: Option<&Pair>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_protocol_versions(&[&TLS13, &TLS12]).unwrap().with_root_certificates(roots);
        Arc::new(match own {
            Some(own) => builder.with_client_auth_cert(vec![own.certificate.clone()], own.private_key()).unwrap(),
            None => builder.with_no_client_auth(),
        })
    }
}

impl Pair {
    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }

    /// Writes `NAME.crt` and `NAME.key`.
    pub(crate) fn write(&self, folder: &Path, name: &str) {
        std::fs::write(folder.join(format!("{name}.crt")), &self.certificate_pem).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), self.key.serialize_pem()).unwrap();
    }
}

/// A connection over TLS.
pub(crate) struct TlsClient(pub(crate) StreamOwned<ClientConnection, TcpStream>);

impl TlsClient {
    /// Begins a connection to whoever is of this name.
    pub(crate) fn connect(address: SocketAddr, name: &str, config: &Arc<ClientConfig>) -> Self {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
        let tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        Self(StreamOwned::new(connection, tcp))
    }

    /// The status of the answer to a GET of the health, and the connection's end as an error.
    pub(crate) fn health(&mut self) -> std::io::Result<String> {
        Ok(self.ask_health()?.lines().next().unwrap().to_owned())
    }

    /// As [`TlsClient::health`], the whole answer.
    pub(crate) fn ask_health(&mut self) -> std::io::Result<String> {
        self.0.write_all(b"GET /healthcheck HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            answer.push(byte[0]);
        }
        Ok(String::from_utf8(answer).unwrap())
    }

    /// The certificate that the gateway has shown.
    pub(crate) fn shown(&self) -> CertificateDer<'static> {
        self.0.conn.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

//! The question that a supervisor asks, asked by the gateway's own command: does the running gateway answer?

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, Stream};

use crate::settings::Settings;

/// How long the answer may take, as long as the supervisor waits.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest status line that is waited for, in bytes.
const STATUS_LINE: usize = 256;

/// Why the gateway is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum HealthFault {
    /// Nobody knows where it listens.
    #[error("`listen` has port 0, which may be any: say where it listens by --listen")]
    NoPort,
    /// Nobody listens there, or too slowly.
    #[error("{address} cannot be connected to: {source}")]
    Connect {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The connection broke, or 3 s were over.
    #[error("{address} does not answer: {source}")]
    Exchange {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// What answers is not healthy, or no gateway.
    #[error("{address} answers `{answer}`")]
    Answer {
        /// Where.
        address: SocketAddr,
        /// The first line of the answer.
        answer: String,
    },
}

/// Asks the gateway that runs with these settings for its health.
///
/// # Errors
///
/// Says why it is not healthy, or why it cannot be asked.
pub fn healthcheck(settings: &Settings) -> Result<(), HealthFault> {
    let address = reachable(settings.listen);
    if address.port() == 0 {
        return Err(HealthFault::NoPort);
    }
    let deadline = Instant::now() + PATIENCE;
    let tcp =
        TcpStream::connect_timeout(&address, PATIENCE).map_err(|source| HealthFault::Connect { address, source })?;
    let tcp = Hurried { tcp, deadline };
    let answer = match settings.tls {
        Some(_) => ask_by_tls(tcp, address),
        None => ask(tcp, address),
    };
    let answer = answer.map_err(|source| HealthFault::Exchange { address, source })?;
    if answer.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(HealthFault::Answer { address, answer }) }
}

/// Where this machine reaches what listens on `listen`.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The first line of the answer.
fn ask(mut stream: impl Read + Write, address: SocketAddr) -> io::Result<String> {
    write!(stream, "GET /api/healthcheck HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < STATUS_LINE && stream.read(&mut byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(line.trim_ascii_end()).escape_debug().to_string())
}

fn ask_by_tls(mut tcp: Hurried, address: SocketAddr) -> io::Result<String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let mut connection =
        ClientConnection::new(Arc::new(config), ServerName::from(address.ip())).map_err(io::Error::other)?;
    ask(Stream::new(&mut connection, &mut tcp), address)
}

/// A connection all of whose reads and writes end before the deadline.
struct Hurried {
    tcp: TcpStream,
    deadline: Instant,
}

impl Hurried {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Hurried {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(self.left()?)?;
        self.tcp.read(buffer).map_err(timed_out)
    }
}

impl Write for Hurried {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(self.left()?)?;
        self.tcp.write(buffer).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// A socket says of its timeout that it would have to wait.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

/// Believes any certificate: nothing is told that others must not know, and whoever has the port answers for it.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

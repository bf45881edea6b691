//! Clients that open a connection for each request, every one by a whole handshake of TLS 1.3.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};

use super::answer::{PATIENCE, read_one};
use super::no_figure::NoFigure;

/// How many clients connect at a time.
const CLIENTS: usize = 8;

/// One of them; all are alike.
#[derive(Debug)]
pub(crate) struct Client {
    config: Arc<ClientConfig>,
    request: Vec<u8>,
}

impl Client {
    /// A client that believes this certificate alone, and takes up no session.
    pub(crate) fn new(certificate: &CertificateDer<'static>, request: Vec<u8>) -> Result<Self, NoFigure> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone())?;
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let mut config = builder.with_protocol_versions(&[&TLS13])?.with_root_certificates(roots).with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), request })
    }

    /// Connects again and again for so many seconds; how often.
    pub(crate) fn connect_for(&self, address: SocketAddr, seconds: u8) -> Result<u64, NoFigure> {
        let deadline = Instant::now() + Duration::from_secs(seconds.into());
        let one = || {
            let mut made = 0;
            while Instant::now() < deadline {
                self.connect(address)?;
                made += 1;
            }
            Ok(made)
        };
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(one)).collect();
            clients.into_iter().map(|client| client.join().expect("clients do not panic")).sum()
        })
    }

    fn connect(&self, address: SocketAddr) -> Result<(), NoFigure> {
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::clone(&self.config), name)?;
        let socket = TcpStream::connect(address).map_err(NoFigure::connection(address))?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(NoFigure::connection(address))?;
        let mut stream = StreamOwned::new(connection, socket);
        let is_good = self.ask(&mut stream).map_err(NoFigure::connection(address))?;
        if !is_good {
            return Err(NoFigure::BadAnswers { address, failed: 1, answers: 1 });
        }
        if stream.conn.handshake_kind() != Some(HandshakeKind::Full) {
            return Err(NoFigure::OtherHandshake { address });
        }
        Ok(())
    }

    fn ask(&self, stream: &mut StreamOwned<ClientConnection, TcpStream>) -> std::io::Result<bool> {
        stream.write_all(&self.request)?;
        let is_good = read_one(stream)?;
        stream.conn.send_close_notify();
        stream.flush()?;
        Ok(is_good)
    }
}

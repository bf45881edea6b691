//! A connection to a neighbour, in clear or over TLS with a verified certificate.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use gateway_table::Scheme;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::Protocol;
use crate::settings::Address;
use crate::stream::Stream;

/// The socket addresses of a host that is given by name; an address that is one already costs no look-up.
pub(crate) async fn resolve(address: &Address) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    let found: Vec<SocketAddr> = lookup_host((address.host.as_str(), address.port)).await?.collect();
    if found.is_empty() { Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")) } else { Ok(found) }
}

/// Connects to `address`, over TLS if its scheme is [`Scheme::Https`]. The caller sets the time limit.
pub(crate) async fn open(address: &Address) -> io::Result<Stream> {
    open_at(&resolve(address).await?, address, Protocol::Http1).await
}

/// As [`open`], at the first of these socket addresses that takes the connection.
pub(crate) async fn open_at(resolved: &[SocketAddr], address: &Address, protocol: Protocol) -> io::Result<Stream> {
    let tcp = TcpStream::connect(resolved).await?;
    // What is written is written whole; to wait for more would only delay it.
    tcp.set_nodelay(true)?;
    match address.scheme {
        Scheme::Http | Scheme::ZeroMq => Ok(Stream::Plain(tcp)),
        Scheme::Https => secure(tcp, &address.host, offering(protocol)?).await,
    }
}

/// What a TLS connection is made with on which one of these is to be spoken (RFC 7301).
fn offering(protocol: Protocol) -> io::Result<Arc<ClientConfig>> {
    let mut config = ClientConfig::clone(&*system_trust()?);
    let names: &[&[u8]] = match protocol {
        Protocol::Any => &[b"h2", b"http/1.1"],
        Protocol::Http1 => &[b"http/1.1"],
        Protocol::Http2 => &[b"h2"],
    };
    config.alpn_protocols = names.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}

async fn secure(tcp: TcpStream, host: &str, config: Arc<ClientConfig>) -> io::Result<Stream> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let tls = TlsConnector::from(config).connect(name, tcp).await?;
    Ok(Stream::Tls(Box::new(tls.into())))
}

/// What TLS connections are made with: the certificates that this machine trusts, read when the first is made.
fn system_trust() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    // Not kept, so that it is looked for again once there is something to find.
    if added == 0 {
        return Err(found.errors.into_iter().next().map_or_else(no_roots, io::Error::other));
    }
    let config = client_config(roots)?;
    Ok(Arc::clone(CONFIG.get_or_init(|| config)))
}

fn no_roots() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "this machine trusts no certificates")
}

fn client_config(roots: RootCertStore) -> io::Result<Arc<ClientConfig>> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// Answers one TLS connection for `localhost` with `hello`, and trusts its own certificate.
    async fn tls_server() -> (u16, RootCertStore) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            if let Ok(mut tls) = TlsAcceptor::from(Arc::new(config)).accept(tcp).await {
                tls.write_all(b"hello").await.unwrap();
                tls.shutdown().await.unwrap();
            }
        });
        (port, roots)
    }

    async fn greeting(host: &str, port: u16, roots: RootCertStore) -> io::Result<String> {
        let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut stream = secure(tcp, host, client_config(roots)?).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    }

    #[tokio::test]
    async fn a_connection_over_tls_reaches_who_the_certificate_says() {
        let (port, roots) = tls_server().await;
        assert_eq!(greeting("localhost", port, roots).await.unwrap(), "hello");
    }

    #[tokio::test]
    async fn a_certificate_for_another_name_is_refused() {
        let (port, roots) = tls_server().await;
        assert!(greeting("coreauth", port, roots).await.unwrap_err().to_string().contains("certificate"));
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_refused() {
        let (port, _) = tls_server().await;
        let (_, others) = tls_server().await;
        assert!(greeting("localhost", port, others).await.unwrap_err().to_string().contains("certificate"));
    }

    #[tokio::test]
    async fn a_connection_in_clear_is_just_that() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Address { scheme: Scheme::Http, host: "localhost".into(), port };
        let (stream, accepted) = tokio::join!(open(&address), listener.accept());
        stream.unwrap().write_all(b"hello").await.unwrap();
        let mut text = String::new();
        accepted.unwrap().0.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
    }
}

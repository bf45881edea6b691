//! The gateway's neighbours while its instructions are counted: a service that always says the same, and a client that asks one
//! thing after another, each on connections that are kept.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\
    Cache-Control: no-store\r\nServer: uvicorn\r\n\r\n{\"status\":\"ok\"}";
const BODY: &[u8] = b"{\"status\":\"ok\"}";

/// How long either waits for the gateway.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts the service, and gives its address.
pub(super) fn service() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // The gateway closes it when it ends.
            thread::spawn(move || answer_all(connection));
        }
    });
    Ok(address)
}

fn answer_all(mut connection: TcpStream) -> io::Result<()> {
    loop {
        read_until(&mut connection, b"\r\n\r\n")?;
        connection.write_all(ANSWER)?;
    }
}

/// A client on one connection.
pub(super) struct Client {
    connection: TcpStream,
    request: Vec<u8>,
}

impl Client {
    /// One that bears this token.
    pub(super) fn connect(gateway: SocketAddr, token: &str) -> io::Result<Self> {
        let connection = TcpStream::connect(gateway)?;
        connection.set_nodelay(true)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        let request = format!(
            "GET /api/v1/agent/pump-7/status?since=1700000000 HTTP/1.1\r\nHost: gateway.local:8001\r\n\
             User-Agent: coreui/4.2 (linux; x86_64)\r\nAccept: application/json\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        Ok(Self { connection, request: request.into_bytes() })
    }

    /// Asks so often, and wants the service's answer each time.
    pub(super) fn ask(&mut self, times: u32) -> io::Result<()> {
        for _ in 0..times {
            self.connection.write_all(&self.request)?;
            let answer = read_until(&mut self.connection, BODY)?;
            if !answer.starts_with(b"HTTP/1.1 200 ") {
                return Err(unexpected(&answer));
            }
        }
        Ok(())
    }
}

/// Reads up to this end.
fn read_until(connection: &mut TcpStream, end: &[u8]) -> io::Result<Vec<u8>> {
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    while !all.ends_with(end) {
        match connection.read(&mut part) {
            Ok(0) => return Err(unexpected(&all)),
            Ok(count) => all.extend_from_slice(&part[..count]),
            // An answer of the gateway's own ends otherwise.
            Err(error) if all.is_empty() => return Err(error),
            Err(_) => return Err(unexpected(&all)),
        }
    }
    Ok(all)
}

fn unexpected(bytes: &[u8]) -> io::Error {
    let head = String::from_utf8_lossy(bytes);
    io::Error::other(format!("there came only `{}`", head.lines().next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_asks_the_service_as_often_as_it_is_told() {
        let mut client = Client::connect(service().unwrap(), "a.b.c").unwrap();
        client.ask(3).unwrap();
    }
}

//! The sockets that are listened at: one for each worker, all at the same address.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections the kernel keeps for a worker that is busy.
const BACKLOG: i32 = 4096;

/// So many listeners at the same address, and that address.
pub(super) fn listen(address: SocketAddr, count: usize) -> io::Result<(Vec<TcpListener>, SocketAddr)> {
    refuse_taken(address)?;
    let first = listener(address)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    while listeners.len() < count {
        let next = if cfg!(unix) { listener(address)? } else { listeners[0].try_clone()? };
        listeners.push(next);
    }
    Ok((listeners, address))
}

/// Fails if anybody listens on the address, be it another gateway that would share it (`SO_REUSEPORT`).
fn refuse_taken(address: SocketAddr) -> io::Result<()> {
    let probe = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    probe.set_reuse_address(true)?;
    probe.bind(&address.into())
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    {
        // The first lets a restart bind while old connections linger in TIME_WAIT, the second shares the port.
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

//! The sockets that are listened at: one for each worker, all at the same address.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::takeover::Listening;

/// How many connections the kernel keeps for a worker that is busy.
const BACKLOG: i32 = 4096;

/// Those of the executable before, if they are at this address; else so many new ones.
pub(super) fn listen(address: SocketAddr, count: usize, known: Option<Listening>) -> io::Result<Listening> {
    // With port 0 any port will do.
    let fits = |known: SocketAddr| known == address || (address.port() == 0 && known.ip() == address.ip());
    if let Some(known) = known.filter(|known| fits(known.address)) {
        return Ok(known);
    }
    refuse_taken(address)?;
    let first = listener(address)?;
    let address = first.local_addr()?;
    let mut sockets = vec![first];
    while sockets.len() < count {
        let next = if cfg!(unix) { listener(address)? } else { sockets[0].try_clone()? };
        sockets.push(next);
    }
    Ok(Listening { address, sockets })
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

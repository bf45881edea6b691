//! Free ports, below those that the system gives to outgoing connections: no load can take one while its peer is started again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::no_figure::NoFigure;

const FROM: u16 = 20_000;
const TO: u16 = 32_000;

/// An address on loopback where nobody listens.
pub(crate) fn free() -> Result<SocketAddr, NoFigure> {
    free_but(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

/// Another address than this one, which is yet to be listened at.
pub(crate) fn free_but(taken: SocketAddr) -> Result<SocketAddr, NoFigure> {
    // Runs at the same time begin at different places.
    let first = FROM + u16::try_from(std::process::id() % 100).expect("a remainder below 100") * 100;
    let mut addresses = (first..TO).chain(FROM..first).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let is_free = |address: &SocketAddr| *address != taken && TcpListener::bind(address).is_ok();
    addresses.find(is_free).ok_or(NoFigure::NoPort { from: FROM, to: TO })
}

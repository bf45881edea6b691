//! Free ports, below those that the system gives to outgoing connections: no load can take one while its peer is started again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

use super::no_figure::NoFigure;

const FROM: u16 = 20_000;
const TO: u16 = 32_000;

/// How many have been looked at, so that none is given twice.
static SEEN: AtomicU32 = AtomicU32::new(0);

/// An address on loopback where nobody listens, and where nobody else here will.
pub(crate) fn free() -> Result<SocketAddr, NoFigure> {
    let count = u32::from(TO - FROM);
    // Runs at the same time begin at different places.
    let first = std::process::id() % count / 100 * 100;
    let next = || (first + SEEN.fetch_add(1, Ordering::Relaxed)) % count;
    let mut addresses = (0..count).map(|_| {
        let port = FROM + u16::try_from(next()).expect("less than there are ports");
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    });
    let is_free = |address: &SocketAddr| TcpListener::bind(address).is_ok();
    addresses.find(is_free).ok_or(NoFigure::NoPort { from: FROM, to: TO })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once_and_is_free() {
        let (one, other) = (free().unwrap(), free().unwrap());
        assert_ne!(one, other);
        assert!(TcpListener::bind(one).is_ok() && TcpListener::bind(other).is_ok());
    }
}

//! Who may be connected when too many want to be: in, connections as they come; out, which of them makes way.
//!
//! A newcomer always gets a seat, so that nobody who sits and waits, or never reads, keeps operators, probes and balancers
//! out. The oldest connection goes, of the address that has the most: who takes many seats takes them from themselves.

use std::net::IpAddr;

use tokio::task::JoinHandle;

/// How many connections there may be.
const MOST: usize = 64;

/// The connections that there are, the oldest first.
#[derive(Default)]
pub(super) struct Seats(Vec<(IpAddr, JoinHandle<()>)>);

impl Seats {
    /// Seats a connection.
    pub(super) fn take(&mut self, address: IpAddr, connection: JoinHandle<()>) {
        self.0.retain(|(_, connection)| !connection.is_finished());
        let addresses: Vec<IpAddr> = self.0.iter().map(|(address, _)| *address).collect();
        if addresses.len() >= MOST
            && let Some(leaver) = leaver(&addresses)
        {
            self.0.remove(leaver).1.abort();
        }
        self.0.push((address, connection));
    }
}

/// Who goes of connections from these addresses.
fn leaver(addresses: &[IpAddr]) -> Option<usize> {
    let count = |address: &IpAddr| addresses.iter().filter(|other| *other == address).count();
    // Of several maxima the first one is wanted.
    (0..addresses.len()).rev().max_by_key(|index| count(&addresses[*index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_the_address_that_has_the_most_goes() {
        let addresses = |last: &[u8]| last.iter().map(|last| IpAddr::from([10, 0, 0, *last])).collect::<Vec<_>>();
        assert_eq!(leaver(&addresses(&[1, 2, 3, 2])), Some(1));
        assert_eq!(leaver(&addresses(&[1, 2, 2, 2, 1])), Some(1));
        assert_eq!(leaver(&addresses(&[1, 2, 3])), Some(0));
        assert_eq!(leaver(&[]), None);
    }
}

//! How a connection begins: both sides send a greeting and then READY (RFC 23, "Greeting" and "The NULL Security Mechanism").

use bytes::{Buf, BytesMut};

use crate::ConnectionFault;
use crate::command::{Command, LONGEST_COMMAND, shown};
use crate::frame::FrameHead;

const LENGTH: usize = 64;

/// What this side sends first: ZMTP 3.1, the NULL mechanism.
pub const GREETING: [u8; LENGTH] = {
    let mut greeting = [0; LENGTH];
    greeting[0] = 0xff;
    greeting[9] = 0x7f;
    greeting[10] = 3;
    greeting[11] = 1;
    let mechanism = b"NULL";
    let mut at = 0;
    while at < mechanism.len() {
        greeting[12 + at] = mechanism[at];
        at += 1;
    }
    greeting
};

/// What a peer has said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Whether it answers to PING, which came with ZMTP 3.1.
    pub answers_ping: bool,
    /// The type of its socket.
    pub socket: String,
}

impl Peer {
    /// Whether its socket answers requests.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn must_answer(&self) -> Result<(), ConnectionFault> {
        match &*self.socket {
            "REP" | "ROUTER" => Ok(()),
            other => Err(ConnectionFault::SocketType(other.to_owned())),
        }
    }
}

/// Reads what a peer sends before there are messages.
#[derive(Debug, Default)]
pub struct Handshake {
    minor: Option<u8>,
}

impl Handshake {
    /// Takes the greeting and READY out of what has come, as far as they are there.
    ///
    /// # Errors
    ///
    /// The peer cannot be spoken to.
    pub fn read(&mut self, inbox: &mut BytesMut) -> Result<Option<Peer>, ConnectionFault> {
        if self.minor.is_none() {
            self.minor = read_greeting(inbox)?;
        }
        let Some(minor) = self.minor else { return Ok(None) };
        let mut ahead = inbox.clone();
        let Some(head) = FrameHead::read(&mut ahead)? else { return Ok(None) };
        if !head.is_command || head.length > LONGEST_COMMAND {
            return Err(ConnectionFault::Handshake);
        }
        let length = usize::try_from(head.length).map_err(|_| ConnectionFault::Handshake)?;
        if ahead.len() < length {
            return Ok(None);
        }
        inbox.advance(inbox.len() - ahead.len());
        match Command::read(inbox.split_to(length).freeze())? {
            Command::Ready(socket) => Ok(Some(Peer { answers_ping: minor >= 1, socket })),
            Command::Error(reason) => Err(ConnectionFault::Refused(reason)),
            _ => Err(ConnectionFault::Handshake),
        }
    }
}

/// The minor version of a greeting, once it has come. What cannot be one is refused at its first wrong byte.
fn read_greeting(inbox: &mut BytesMut) -> Result<Option<u8>, ConnectionFault> {
    let at = |index: usize| inbox.get(index).copied();
    if at(0).is_some_and(|first| first != 0xff) || at(9).is_some_and(|last| last & 1 == 0) {
        return Err(ConnectionFault::NoGreeting);
    }
    if let Some(major) = at(10).filter(|major| *major < 3) {
        return Err(ConnectionFault::Version(major));
    }
    if inbox.len() < LENGTH {
        return Ok(None);
    }
    let greeting = inbox.split_to(LENGTH);
    let mechanism = greeting[12..32].split(|byte| *byte == 0).next().unwrap_or_default();
    if mechanism != b"NULL" {
        return Err(ConnectionFault::Mechanism(shown(mechanism)));
    }
    Ok(Some(greeting[11]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SocketType, write_ready};

    fn opening(socket: SocketType) -> Vec<u8> {
        let mut bytes = GREETING.to_vec();
        write_ready(&mut bytes, socket);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Option<Peer>, ConnectionFault> {
        Handshake::default().read(&mut BytesMut::from(bytes))
    }

    #[test]
    fn a_peer_is_known_once_all_has_come_and_what_follows_stays() {
        let mut bytes = opening(SocketType::Router);
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), Ok(None));
        }
        bytes.push(7);
        let mut inbox = BytesMut::from(&bytes[..]);
        let peer = Handshake::default().read(&mut inbox).unwrap().unwrap();
        assert_eq!((peer.answers_ping, peer.must_answer(), &inbox[..]), (true, Ok(()), &[7][..]));
    }

    #[test]
    fn a_peer_of_version_3_0_is_not_pinged() {
        let mut bytes = opening(SocketType::Rep);
        bytes[11] = 0;
        assert!(!read(&bytes).unwrap().unwrap().answers_ping);
    }

    #[test]
    fn who_does_not_speak_zmtp_is_told_apart_by_the_first_bytes() {
        assert_eq!(read(b"HTTP/1.1 400 Bad Request"), Err(ConnectionFault::NoGreeting));
        assert_eq!(read(b"\xff\0\0\0\0\0\0\0\x05\x7f\x01"), Err(ConnectionFault::Version(1)));
        let mut bytes = opening(SocketType::Rep);
        bytes[12..17].copy_from_slice(b"CURVE");
        assert_eq!(read(&bytes), Err(ConnectionFault::Mechanism("CURVE".to_owned())));
    }

    #[test]
    fn a_socket_that_answers_no_requests_is_refused() {
        let dealer = read(&opening(SocketType::Dealer)).unwrap().unwrap();
        assert_eq!(dealer.must_answer(), Err(ConnectionFault::SocketType("DEALER".to_owned())));
    }

    #[test]
    fn a_handshake_that_is_no_ready_is_refused() {
        let after = |bytes: &[u8]| read(&[&GREETING[..], bytes].concat());
        assert_eq!(after(b"\x04\x09\x05ERROR\x02no"), Err(ConnectionFault::Refused("no".to_owned())));
        assert_eq!(after(b"\x00\x00"), Err(ConnectionFault::Handshake));
        assert_eq!(after(b"\x04\x05\x04PONG"), Err(ConnectionFault::Handshake));
        assert_eq!(after(b"\x06\0\0\0\0\0\0\x20\0"), Err(ConnectionFault::Handshake));
    }
}

//! What holds for all bytes that a service may send; the fuzzer holds the same.

use bytes::{Bytes, BytesMut};
use gateway_zeromq::{Command, ConnectionFault, Event, Handshake, Limits, MessageFault, MessageReader, ReplyHead};

/// Small, so that what is too long fits into a test.
pub(crate) const LIMITS: Limits = Limits { head: 64, body: 20_000 };

/// The most that waits to be understood: a command, or a part of a body.
const MOST_WAITING: usize = 8 * 1024 + 9;

/// What has come, with bodies in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Command(Command),
    Reply(u64, Bytes, Bytes),
    Unfit(u64, MessageFault),
    Stray,
    Broken(ConnectionFault),
}

/// Whatever these bytes are, they mean the same in whichever pieces they come, and take no more memory than they are long.
pub(crate) fn holds(bytes: &[u8]) {
    let whole = told(bytes, bytes.len().max(1));
    for piece in [1, 3, 1000] {
        assert_eq!(told(bytes, piece), whole, "in pieces of {piece}");
    }
    for told in whole {
        if let Told::Reply(_, head, body) = told {
            assert!(head.len() <= LIMITS.head && body.len() as u64 <= LIMITS.body);
            let _ = ReplyHead::read(&head);
        }
    }
    greeted(bytes);
}

/// What is told of bytes that come in pieces of this size.
pub(crate) fn told(bytes: &[u8], piece: usize) -> Vec<Told> {
    let (mut reader, mut inbox, mut told) = (MessageReader::new(LIMITS), BytesMut::new(), Vec::new());
    let mut reply = None;
    for part in bytes.chunks(piece) {
        inbox.extend_from_slice(part);
        loop {
            match reader.read(&mut inbox) {
                Ok(Event::NeedsMore) => break,
                Ok(Event::Command(command)) => told.push(Told::Command(command)),
                Ok(Event::Begun(number, head)) => reply = Some((number, head, BytesMut::new())),
                Ok(Event::Body(part)) => reply.as_mut().expect("it has begun").2.extend_from_slice(&part),
                Ok(Event::Ended) => {
                    let (number, head, body) = reply.take().expect("it has begun");
                    told.push(Told::Reply(number, head, body.freeze()));
                }
                Ok(Event::Unfit(number, fault)) => {
                    reply = None;
                    told.push(Told::Unfit(number, fault));
                }
                Ok(Event::Stray) => told.push(Told::Stray),
                Err(fault) => {
                    told.push(Told::Broken(fault));
                    return told;
                }
            }
        }
        assert!(inbox.len() <= MOST_WAITING, "{} bytes wait", inbox.len());
    }
    told
}

/// A handshake comes to the same in whichever pieces.
fn greeted(bytes: &[u8]) {
    let whole = Handshake::default().read(&mut BytesMut::from(bytes));
    let (mut handshake, mut inbox, mut by_bytes) = (Handshake::default(), BytesMut::new(), Ok(None));
    for byte in bytes {
        inbox.extend_from_slice(&[*byte]);
        by_bytes = handshake.read(&mut inbox);
        if !matches!(by_bytes, Ok(None)) {
            break;
        }
    }
    assert_eq!(by_bytes, whole);
}

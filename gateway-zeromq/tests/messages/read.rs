//! Replies, and what is none.

use bytes::Bytes;
use gateway_zeromq::{Command, ConnectionFault, MessageFault, write_message, write_ping};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::oracle::{LIMITS, Told, holds, told};

/// The frames of a message, each with its flags and one byte of length.
fn frames(frames: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        bytes.extend([u8::from(index + 1 < frames.len()), u8::try_from(frame.len()).unwrap()]);
        bytes.extend_from_slice(frame);
    }
    bytes
}

fn whole(bytes: &[u8]) -> Vec<Told> {
    holds(bytes);
    told(bytes, bytes.len())
}

fn reply(number: u64, head: &'static str, body: &'static str) -> Told {
    Told::Reply(number, Bytes::from_static(head.as_bytes()), Bytes::from_static(body.as_bytes()))
}

const SEVEN: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 7];

#[test]
fn a_reply_is_a_number_an_empty_frame_a_head_and_a_body() {
    assert_eq!(whole(&frames(&[SEVEN, b"", b"head", b"body"])), [reply(7, "head", "body")]);
    assert_eq!(whole(&frames(&[SEVEN, b"", b"head", b""])), [reply(7, "head", "")]);
}

#[test]
fn a_reply_without_a_body_needs_no_frame_for_it() {
    assert_eq!(whole(&frames(&[SEVEN, b"", b"head"])), [reply(7, "head", "")]);
}

#[test]
fn what_is_no_reply_is_told_with_its_number_and_what_follows_is_understood() {
    let next = frames(&[SEVEN, b"", b"head", b"body"]);
    for (wrong, fault) in [
        (frames(&[SEVEN, b"head", b"body"]), MessageFault::NoDelimiter),
        (frames(&[SEVEN, b""]), MessageFault::NoHead),
        (frames(&[SEVEN, b"", &[b' '; 65], b"body"]), MessageFault::HeadTooLong(64)),
        (frames(&[SEVEN, b"", b"head", b"body", b"more", b"and more"]), MessageFault::TooManyFrames),
    ] {
        assert_eq!(whole(&[wrong, next.clone()].concat()), [Told::Unfit(7, fault), reply(7, "head", "body")]);
    }
}

#[test]
fn a_message_without_a_number_is_passed_over() {
    let next = frames(&[SEVEN, b"", b"head", b"body"]);
    for stray in [frames(&[b"head", b"body"]), frames(&[b""]), frames(&[SEVEN]), frames(&[b"", b"head", b"body"])] {
        assert_eq!(whole(&[stray, next.clone()].concat()), [Told::Stray, reply(7, "head", "body")]);
    }
}

#[test]
fn a_body_over_the_limit_is_passed_over() {
    let mut bytes = Vec::new();
    write_message(&mut bytes, 7, b"head", LIMITS.body + 1);
    bytes.resize(bytes.len() + 20_001, b'x');
    bytes.extend(frames(&[SEVEN, b"", b"head", b"body"]));
    let too_long = Told::Unfit(7, MessageFault::BodyTooLong(LIMITS.body));
    assert_eq!(whole(&bytes), [too_long, reply(7, "head", "body")]);
}

#[test]
fn commands_are_told_between_frames() {
    let mut bytes = frames(&[SEVEN, b"", b"head", b"body"]);
    let mut ping = Vec::new();
    write_ping(&mut ping);
    bytes.splice(10..10, ping.iter().copied());
    bytes.extend(b"\x04\x06\x05OTHER");
    let ping = Told::Command(Command::Ping(Bytes::new()));
    assert_eq!(whole(&bytes), [ping, reply(7, "head", "body"), Told::Command(Command::Other)]);
}

#[test]
fn a_length_that_is_announced_takes_no_memory() {
    let mut bytes = frames(&[SEVEN, b"", b"head"]);
    let body = bytes.len() - 6;
    bytes[body] = 1;
    bytes.extend(b"\x02\x7f\xff\xff\xff\xff\xff\xff\xff");
    let broken = Told::Broken(ConnectionFault::FrameTooLong(u64::MAX >> 1));
    assert_eq!(whole(&bytes), [broken]);
    assert_eq!(whole(b"\x06\0\0\0\0\0\0\x10\x01"), [Told::Broken(ConnectionFault::Command)]);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(messages in vec((any::<u64>(), vec(any::<u8>(), 0..64), vec(any::<u8>(), 0..20_000)), 0..4)) {
        let mut bytes = Vec::new();
        for (number, head, body) in &messages {
            write_message(&mut bytes, *number, head, body.len() as u64);
            bytes.extend_from_slice(body);
        }
        let written = messages.into_iter().map(|(number, head, body)| Told::Reply(number, head.into(), body.into()));
        prop_assert_eq!(told(&bytes, 777), written.collect::<Vec<_>>());
    }

    #[test]
    fn whatever_comes_means_the_same_in_whichever_pieces(bytes in vec(prop_oneof![0u8..9, any::<u8>()], 0..400)) {
        holds(&bytes);
    }
}

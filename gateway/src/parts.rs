//! A body that is held as a whole, in the parts in which it came, and the room that it takes.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::budget::Reserved;

/// A shorter part is copied to its neighbour: one that came alone would keep alive what it was read into.
const SHORT: usize = 4 * 1024;

/// How much of short parts is put together, in bytes.
const JOINED: usize = 16 * 1024;

/// The parts of a body.
#[derive(Debug)]
pub(crate) struct Parts {
    ready: VecDeque<Bytes>,
    /// Short parts that came last.
    joined: BytesMut,
    length: u64,
    room: Reserved,
}

impl Parts {
    /// No parts; those that come take room from there.
    pub(crate) fn new(room: Reserved) -> Self {
        Self { ready: VecDeque::new(), joined: BytesMut::new(), length: 0, room }
    }

    /// Adds a part; whether there is room for it.
    pub(crate) fn push(&mut self, part: Bytes) -> bool {
        if !self.room.grow(part.len()) {
            return false;
        }
        self.length += part.len() as u64;
        if part.len() < SHORT {
            self.joined.extend_from_slice(&part);
            if self.joined.len() >= JOINED {
                self.close();
            }
        } else {
            self.close();
            self.ready.push_back(part);
        }
        true
    }

    fn close(&mut self) {
        if !self.joined.is_empty() {
            self.ready.push_back(std::mem::take(&mut self.joined).freeze());
        }
    }

    /// How many bytes there were in all, those that have been taken among them.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// Takes the next part.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        self.ready.pop_front().or_else(|| Some(self.joined.split().freeze()).filter(|part| !part.is_empty()))
    }

    /// How many bytes have not been taken.
    pub(crate) fn left(&self) -> u64 {
        self.ready.iter().map(|part| part.len() as u64).sum::<u64>() + self.joined.len() as u64
    }

    /// Takes all that is left away.
    pub(crate) fn clear(&mut self) {
        self.ready.clear();
        self.joined.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    #[test]
    fn parts_come_out_as_they_went_in_and_short_ones_together() {
        let budget = Budget::new(100_000);
        let mut parts = Parts::new(budget.none());
        let long = Bytes::from(vec![b'x'; SHORT]);
        for part in [&b"a"[..], b"b", &long, b"", b"c"] {
            assert!(parts.push(Bytes::copy_from_slice(part)));
        }
        assert_eq!((parts.length(), parts.left()), (4099, 4099));
        assert_eq!(parts.take().as_deref(), Some(&b"ab"[..]));
        assert_eq!((parts.take(), parts.left()), (Some(long), 1));
        assert_eq!((parts.take().as_deref(), parts.take(), parts.left()), (Some(&b"c"[..]), None, 0));
    }

    #[test]
    fn a_body_that_comes_byte_by_byte_takes_little_more_than_its_length() {
        let mut parts = Parts::new(Budget::new(1 << 20).none());
        let origin = Bytes::from(vec![b'x'; JOINED * 3]);
        assert!((0..origin.len()).all(|at| parts.push(origin.slice(at..=at))));
        assert_eq!(parts.ready.len(), 3);
        assert!(parts.ready.iter().all(|part| part.len() == JOINED));
    }

    #[test]
    fn what_finds_no_room_is_told_and_the_room_comes_back() {
        let budget = Budget::new(3);
        let mut parts = Parts::new(budget.none());
        assert!(parts.push(Bytes::from_static(b"ab")) && !parts.push(Bytes::from_static(b"cd")));
        drop(parts);
        assert_eq!(budget.left(), 3);
    }
}

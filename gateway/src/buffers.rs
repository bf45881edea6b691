//! What a worker's connections share: spare memory, which they read into and write from while they are busy, and idle ones do
//! without; places for those that keep some a little longer; and the turn at whose end they send.

use std::cell::{Cell, RefCell};

use bytes::BytesMut;
use http::HeaderMap;

use crate::turn::Turn;

/// How much is read at once, in bytes.
pub(crate) const BUFFER_SIZE: usize = 16 * 1024;

/// How many buffers are kept: what a worker's busy connections need at a time, and no more than a memory of 2 MiB.
const MOST_SPARE: usize = 128;

/// How many connections keep the memory for their next request at a time: some 4 KiB each.
const MOST_EXPECTING: usize = 128;

/// How much is written of heads at once, in bytes; a longer head makes its buffer grow.
const HEAD_SIZE: usize = 2 * 1024;

/// The largest map that is kept, in fields.
const MOST_FIELDS: usize = 64;

/// Buffers that no connection needs at the moment.
#[derive(Default)]
pub(crate) struct Buffers {
    pub(crate) turn: Turn,
    inboxes: RefCell<Vec<BytesMut>>,
    outboxes: RefCell<Vec<Vec<u8>>>,
    maps: RefCell<Vec<HeaderMap>>,
    expecting: Cell<usize>,
}

/// A place among the connections that expect a request soon, until it is dropped.
pub(crate) struct Place<'a>(&'a Cell<usize>);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Buffers {
    /// An empty buffer of [`BUFFER_SIZE`], to read into.
    pub(crate) fn take(&self) -> BytesMut {
        self.inboxes.borrow_mut().pop().unwrap_or_else(|| BytesMut::with_capacity(BUFFER_SIZE))
    }

    /// An empty buffer to write heads in.
    pub(crate) fn take_out(&self) -> Vec<u8> {
        self.outboxes.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(HEAD_SIZE))
    }

    /// A place among the connections that expect a request soon, and keep the memory in which they answer it, if there is one.
    pub(crate) fn take_place(&self) -> Option<Place<'_>> {
        let expecting = self.expecting.get();
        (expecting < MOST_EXPECTING).then(|| {
            self.expecting.set(expecting + 1);
            Place(&self.expecting)
        })
    }

    /// An empty map, to read fields into.
    pub(crate) fn take_map(&self) -> HeaderMap {
        self.maps.borrow_mut().pop().unwrap_or_default()
    }

    /// Keeps a map's memory for the next head. What is in it goes at once: it would hold on to what it was read from.
    pub(crate) fn give_back_map(&self, mut map: HeaderMap) {
        map.clear();
        let mut spare = self.maps.borrow_mut();
        // One that nothing was read into has no memory to keep.
        if spare.len() < MOST_SPARE && (1..=MOST_FIELDS).contains(&map.capacity()) {
            spare.push(map);
        }
    }

    /// Keeps a buffer for the next head, unless it has grown.
    pub(crate) fn give_back_out(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut spare = self.outboxes.borrow_mut();
        if spare.len() < MOST_SPARE && (HEAD_SIZE..2 * HEAD_SIZE).contains(&buffer.capacity()) {
            spare.push(buffer);
        }
    }

    /// Keeps a buffer for the next, unless it has grown. One of which parts are still in use comes back.
    pub(crate) fn give_back(&self, mut buffer: BytesMut) -> Option<BytesMut> {
        buffer.clear();
        if !buffer.try_reclaim(BUFFER_SIZE) {
            return Some(buffer);
        }
        let mut spare = self.inboxes.borrow_mut();
        if spare.len() < MOST_SPARE && buffer.capacity() < 2 * BUFFER_SIZE {
            spare.push(buffer);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_when_nothing_of_it_is_in_use() {
        let buffers = Buffers::default();
        let mut buffer = buffers.take();
        buffer.extend_from_slice(b"head");
        let place = buffer.as_ptr();
        drop(buffer.split_to(4).freeze());
        assert!(buffers.give_back(buffer).is_none());
        assert_eq!(buffers.take().as_ptr(), place);
    }

    #[test]
    fn so_many_connections_keep_memory_for_their_next_request_and_no_more() {
        let buffers = Buffers::default();
        let mut places: Vec<_> = std::iter::from_fn(|| buffers.take_place()).collect();
        assert_eq!(places.len(), MOST_EXPECTING);
        places.pop();
        assert!(buffers.take_place().is_some());
    }

    #[test]
    fn a_map_without_memory_does_not_take_the_place_of_one_that_has_some() {
        let buffers = Buffers::default();
        let mut map = buffers.take_map();
        map.insert(http::header::HOST, http::HeaderValue::from_static("plant"));
        let capacity = map.capacity();
        buffers.give_back_map(map);
        buffers.give_back_map(HeaderMap::new());
        assert_eq!(buffers.take_map().capacity(), capacity);
    }

    #[test]
    fn a_buffer_of_which_a_part_is_in_use_is_not_written_over() {
        let buffers = Buffers::default();
        let mut buffer = buffers.take();
        buffer.extend_from_slice(b"head");
        let part = buffer.split_to(4).freeze();
        buffers.give_back(buffer).expect("a part is in use").extend_from_slice(b"xxxx");
        buffers.take().extend_from_slice(b"xxxx");
        assert_eq!(&part[..], b"head");
    }
}

//! Reads a body as it comes: bytes in, parts out, which share the buffer's memory.

mod chunk;
mod trailers;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use crate::body_length::BodyLength;
use crate::fault::BodyFault;
use crate::head::HeadLimits;
use chunk::SizeLine;

pub(crate) use trailers::is_forbidden as is_forbidden_trailer;

/// A part of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// Some bytes, never none.
    Data(Bytes),
    /// The fields after the last chunk, without those that must not stand there; [`Part::End`] follows.
    Trailers(HeaderMap),
    /// The body is over; what is left in the buffer belongs to the next message.
    End,
    /// More bytes must come first.
    NeedsMore,
}

/// Reads one body.
#[derive(Debug)]
pub struct BodyReader {
    state: State,
    trailers: HeadLimits,
    extensions_left: usize,
}

#[derive(Debug)]
enum State {
    Exact(u64),
    Size,
    Chunk(u64),
    ChunkEnd,
    Trailers { scanned: usize },
    UntilClose,
    End,
}

impl BodyReader {
    /// A reader of a body that ends as its head says; `trailers` limits the fields after the last chunk.
    pub fn new(length: BodyLength, trailers: HeadLimits) -> Self {
        let state = match length {
            BodyLength::Empty | BodyLength::Exact(0) => State::End,
            BodyLength::Exact(length) => State::Exact(length),
            BodyLength::Chunked => State::Size,
            BodyLength::UntilClose => State::UntilClose,
        };
        Self { state, trailers, extensions_left: chunk::MOST_EXTENSIONS }
    }

    /// Takes the next part off the front of `buffer`. Between two calls the buffer may only grow.
    ///
    /// # Errors
    ///
    /// When the bytes are no body of the kind that the head announced. The connection must not be used again.
    pub fn read(&mut self, buffer: &mut BytesMut) -> Result<Part, BodyFault> {
        loop {
            match self.state {
                State::End => return Ok(Part::End),
                State::UntilClose => return Ok(take_data(buffer, u64::MAX).map_or(Part::NeedsMore, Part::Data)),
                State::Exact(left) => return Ok(self.read_data(buffer, left, State::Exact, State::End)),
                State::Chunk(left) => return Ok(self.read_data(buffer, left, State::Chunk, State::ChunkEnd)),
                State::ChunkEnd if !chunk::take_end(buffer)? => return Ok(Part::NeedsMore),
                State::ChunkEnd => self.state = State::Size,
                State::Size => match chunk::take_size(buffer, &mut self.extensions_left)? {
                    SizeLine::Unfinished => return Ok(Part::NeedsMore),
                    SizeLine::Whole(0) => self.state = State::Trailers { scanned: 0 },
                    SizeLine::Whole(size) => self.state = State::Chunk(size),
                },
                State::Trailers { ref mut scanned } => {
                    let Some(trailers) = trailers::take(buffer, scanned, self.trailers)? else {
                        return Ok(Part::NeedsMore);
                    };
                    self.state = State::End;
                    if !trailers.is_empty() {
                        return Ok(Part::Trailers(trailers));
                    }
                }
            }
        }
    }

    fn read_data(&mut self, buffer: &mut BytesMut, left: u64, more: fn(u64) -> State, end: State) -> Part {
        let Some(data) = take_data(buffer, left) else { return Part::NeedsMore };
        let left = left - data.len() as u64;
        self.state = if left == 0 { end } else { more(left) };
        Part::Data(data)
    }

    /// The connection has ended and all that came has been read.
    ///
    /// # Errors
    ///
    /// When that is not how this body ends: what was read of it is not the whole.
    pub fn at_eof(&mut self) -> Result<(), BodyFault> {
        match self.state {
            State::End => Ok(()),
            State::UntilClose => {
                self.state = State::End;
                Ok(())
            }
            _ => Err(BodyFault::Truncated),
        }
    }

    /// Whether the body is over. After the last chunk's data that is known only once the empty chunk has been read.
    pub fn is_at_end(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// How many bytes are still to come, where the head or the end has said so.
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::End => Some(0),
            State::Exact(left) => Some(left),
            _ => None,
        }
    }
}

/// At most `most` bytes of the buffer, without copying; `None` if it is empty.
fn take_data(buffer: &mut BytesMut, most: u64) -> Option<Bytes> {
    let length = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
    (length > 0).then(|| buffer.split_to(length).freeze())
}

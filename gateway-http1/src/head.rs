//! Takes a head off the front of a buffer: bytes in, a whole head's bytes out, once they are there.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Method};

use crate::fault::{FieldFault, RequestFault, ResponseFault};
use crate::head_end;
use crate::request::{self, RequestHead};
use crate::response::{self, ResponseHead};

/// How many empty lines a client may send before its request line: RFC 9112, section 2.2, asks to ignore at least one.
const MOST_EMPTY_LINES: u8 = 4;

/// How large a head, or the trailers, may be.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// The longest head, in bytes, its empty line included.
    pub bytes: usize,
    /// The most fields.
    pub fields: usize,
}

/// Reads the heads of one connection, one after the other; remembers how far an unfinished one has been looked at.
#[derive(Debug)]
pub struct HeadReader {
    limits: HeadLimits,
    scanned: usize,
    empty_lines: u8,
}

impl HeadReader {
    /// A reader for a new connection.
    pub fn new(limits: HeadLimits) -> Self {
        Self { limits, scanned: 0, empty_lines: 0 }
    }

    /// Takes a request's head off the front of `buffer`; `None` if more bytes are needed. Between two calls the buffer may only grow.
    ///
    /// The head gets `spare`, emptied, as its fields, so that a map's memory is used again; nothing is taken before the head is whole.
    ///
    /// # Errors
    ///
    /// When the bytes are no request that can be understood in one way only.
    pub fn read_request(
        &mut self,
        buffer: &mut BytesMut,
        spare: &mut HeaderMap,
    ) -> Result<Option<RequestHead>, RequestFault> {
        self.skip_empty_lines(buffer)?;
        match self.take_head(buffer)? {
            Taken::Whole(head) => request::read(&head, self.limits.fields, spare).map(Some),
            Taken::Unfinished => Ok(None),
            Taken::TooLong if memchr::memchr(b'\n', buffer).is_none_or(|end| end >= self.limits.bytes) => {
                Err(RequestFault::LineTooLong)
            }
            Taken::TooLong => Err(RequestFault::HeadTooLong),
        }
    }

    /// Takes a response's head off the front of `buffer`; `None` if more bytes are needed. `asked` is the request's method.
    ///
    /// `buffer` and `spare` are treated as [`read_request`](Self::read_request) does.
    ///
    /// # Errors
    ///
    /// When the bytes are no response that can be understood in one way only.
    pub fn read_response(
        &mut self,
        buffer: &mut BytesMut,
        asked: &Method,
        spare: &mut HeaderMap,
    ) -> Result<Option<ResponseHead>, ResponseFault> {
        match self.take_head(buffer)? {
            Taken::Whole(head) => response::read(&head, self.limits.fields, asked, spare).map(Some),
            Taken::Unfinished => Ok(None),
            Taken::TooLong => Err(ResponseFault::HeadTooLong),
        }
    }

    fn skip_empty_lines(&mut self, buffer: &mut BytesMut) -> Result<(), RequestFault> {
        while buffer.starts_with(b"\r\n") {
            if self.empty_lines == MOST_EMPTY_LINES {
                return Err(RequestFault::EmptyLines);
            }
            self.empty_lines += 1;
            self.scanned = 0;
            buffer.advance(2);
        }
        Ok(())
    }

    fn take_head(&mut self, buffer: &mut BytesMut) -> Result<Taken, FieldFault> {
        let within = &buffer[..buffer.len().min(self.limits.bytes)];
        match head_end::find(within, &mut self.scanned)? {
            Some(end) => {
                (self.scanned, self.empty_lines) = (0, 0);
                Ok(Taken::Whole(buffer.split_to(end).freeze()))
            }
            None if within.len() < self.limits.bytes => Ok(Taken::Unfinished),
            None => Ok(Taken::TooLong),
        }
    }
}

enum Taken {
    Whole(Bytes),
    Unfinished,
    TooLong,
}

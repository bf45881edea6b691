//! One connection of a load: a request at a time, its answer read as it comes.

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use crate::compare::answer::first_in;

/// A connection with one request under way, or none.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    /// When its request was due.
    pub(super) due: Instant,
    read: Vec<u8>,
}

impl Connection {
    /// A new one, on which nothing is waited for.
    pub(super) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, due: Instant::now(), read: Vec::new() })
    }

    /// Reads what has come, and tells whether the answer is good once all of it has.
    pub(super) fn read(&mut self) -> io::Result<Option<bool>> {
        let mut part = [0; 4096];
        match self.stream.read(&mut part) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => self.read.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        let answer = first_in(&self.read);
        if answer.is_some() {
            self.read.clear();
        }
        Ok(answer.map(|answer| answer.is_good))
    }
}

//! Answers of small and known shape, found in the bytes of a connection: a head with a `Content-Length`, and its body.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A whole answer at the start of what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whether its status is 200.
    pub(crate) is_good: bool,
    /// Its length, head and body.
    pub(crate) length: usize,
}

/// The answer that these bytes begin with, if all of it is there.
pub(crate) fn first_in(bytes: &[u8]) -> Option<Answer> {
    let head_length = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = str::from_utf8(&bytes[..head_length]).ok()?;
    let length = head_length + head.lines().find_map(content_length).unwrap_or(0);
    let is_good = head.split(' ').nth(1) == Some("200");
    (bytes.len() >= length).then_some(Answer { is_good, length })
}

fn content_length(line: &str) -> Option<usize> {
    let (name, value) = line.split_once(':')?;
    if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
}

/// A request for this path, as all clients here send it.
pub(crate) fn request(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// A new connection that has brought one request and its answer; whether that was good.
pub(crate) fn connect_and_ask(address: SocketAddr, request: &[u8]) -> io::Result<(TcpStream, bool)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let is_good = read_one(&mut stream)?;
    Ok((stream, is_good))
}

/// Reads one answer; whether it is good.
pub(crate) fn read_one(stream: &mut impl Read) -> io::Result<bool> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => bytes.extend_from_slice(&part[..length]),
        }
        if let Some(answer) = first_in(&bytes) {
            return Ok(answer.is_good);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_when_its_last_byte_is_there() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcHTTP/1.1 401 Unauthorized\r\n\r\n";
        let first = first_in(bytes).unwrap();
        assert_eq!(first, Answer { is_good: true, length: 41 });
        assert_eq!(first_in(&bytes[..40]), None);
        assert!(!first_in(&bytes[first.length..]).unwrap().is_good);
    }

    #[test]
    fn a_connection_that_ends_early_is_no_answer() {
        let error = read_one(&mut &b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"[..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}

//! A client that writes bytes and reads answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// No answer takes longer in any test.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to the gateway.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer, read as its framing says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body had the end that its framing promised.
    pub(crate) is_whole: bool,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    /// A client over this connection.
    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Writes a request without a body, of this line and these fields.
    pub(crate) fn send(&mut self, line: &str, fields: &str) -> &mut Self {
        self.write(format!("{line} HTTP/1.1\r\nHost: gateway.test\r\n{fields}\r\n"))
    }

    /// The next answer; `None` if the gateway closed the connection instead.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET")
    }

    /// The next answer that is not interim.
    pub(crate) fn final_answer(&mut self) -> Option<Answer> {
        std::iter::from_fn(|| self.answer()).find(|answer| answer.status >= 200)
    }

    /// The next answer, to a request of this method.
    pub(crate) fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        while let Some(line) = self.line().filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new(), is_whole: true };
        if method != "HEAD" && !matches!(status, 100..200 | 204 | 304) {
            self.read_body(&mut answer);
        }
        Some(answer)
    }

    /// Reads until this text has come.
    pub(crate) fn read_until(&mut self, text: &str) {
        let mut seen = Vec::new();
        while !seen.windows(text.len()).any(|window| window == text.as_bytes()) {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
    }

    /// The next chunk of a body whose head has been read.
    pub(crate) fn chunk(&mut self) -> Vec<u8> {
        let size = usize::from_str_radix(&self.line().unwrap(), 16).unwrap();
        let mut chunk = vec![0; size];
        self.stream.read_exact(&mut chunk).unwrap();
        self.line();
        chunk
    }

    /// All that comes until the gateway closes the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
        rest
    }

    /// Reads so many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Says that nothing more comes, and goes on reading.
    pub(crate) fn stop_sending(&mut self) -> &mut Self {
        self.stream.get_ref().shutdown(Shutdown::Write).unwrap();
        self
    }

    /// The same connection, to be written to by another thread.
    pub(crate) fn writer(&self) -> TcpStream {
        self.stream.get_ref().try_clone().unwrap()
    }

    /// Whether the gateway has closed the connection, with nothing more to say.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line).unwrap_or(0);
        (length > 0).then(|| line.trim_end().to_owned())
    }

    fn read_body(&mut self, answer: &mut Answer) {
        if let Some(length) = answer.header("content-length").map(|length| length.parse::<usize>().unwrap()) {
            answer.is_whole = self.read_exactly(length, &mut answer.body);
        } else if answer.header("transfer-encoding") == Some("chunked") {
            answer.is_whole = self.read_chunks(&mut answer.body);
        } else {
            self.stream.read_to_end(&mut answer.body).unwrap();
        }
    }

    fn read_exactly(&mut self, length: usize, body: &mut Vec<u8>) -> bool {
        let read = (&mut self.stream).take(length as u64).read_to_end(body);
        read.is_ok_and(|read| read == length)
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> bool {
        while let Some(size) = self.line() {
            let size = usize::from_str_radix(&size, 16).unwrap();
            if !self.read_exactly(size, body) || self.line().is_none() {
                return false;
            }
            if size == 0 {
                return true;
            }
        }
        false
    }
}

impl Answer {
    /// The value of the first field of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| &**value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The answer to one request without a body, on a connection of its own.
pub(crate) fn ask(address: SocketAddr, line: &str, fields: &str) -> Answer {
    let method = line.split(' ').next().unwrap();
    Client::connect(address).send(line, fields).answer_to(method).unwrap()
}

/// The status of that answer.
pub(crate) fn status(address: SocketAddr, line: &str, fields: &str) -> u16 {
    ask(address, line, fields).status
}

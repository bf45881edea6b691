//! An upstream that records what reaches it, byte for byte, and answers as its script says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// A service on a free port of the loopback.
pub(crate) struct Upstream {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// A connection to the upstream, for a script.
pub(crate) struct Peer {
    stream: BufReader<TcpStream>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    /// An upstream that answers every request, also on kept-alive connections, with these bytes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::scripted(move |peer| {
            while peer.request().is_some() {
                peer.write(&answer);
            }
        })
    }

    /// An upstream that answers 200 with this text.
    pub(crate) fn saying(text: &str) -> Self {
        Self::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()))
    }

    /// An upstream that does this with every connection, which closes when the script ends.
    pub(crate) fn scripted(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&requests);
        let script = Arc::new(script);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let mut peer = Peer { stream: BufReader::new(stream), requests: Arc::clone(&recorded) };
                let script = Arc::clone(&script);
                std::thread::spawn(move || script(&mut peer));
            }
        });
        Self { address, requests }
    }

    /// An upstream that takes one request and never answers, and what tells that the request has come, and that the
    /// connection is gone.
    pub(crate) fn silent() -> (Self, Receiver<()>, Receiver<()>) {
        let (came, has_come) = channel();
        let (gone, is_gone) = channel();
        let upstream = Self::scripted(move |peer| {
            peer.request();
            came.send(()).unwrap();
            peer.wait_for_close();
            gone.send(()).unwrap();
        });
        (upstream, has_come, is_gone)
    }

    /// An upstream that answers `late` to each request, when it is let; what tells that one has come, and what lets it.
    pub(crate) fn gated() -> (Self, Receiver<()>, Sender<()>) {
        let (came, has_come) = channel();
        let (go, may_go) = channel();
        let may_go = Mutex::new(may_go);
        let upstream = Self::scripted(move |peer| {
            while peer.request().is_some() {
                came.send(()).unwrap();
                may_go.lock().unwrap().recv().unwrap();
                peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
            }
        });
        (upstream, has_come, go)
    }

    /// An address where nobody listens.
    pub(crate) fn down() -> SocketAddr {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, each as it came: head, blank line, body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request so far.
    pub(crate) fn request(&self) -> String {
        let [request] = &self.requests()[..] else { panic!("not one request: {:?}", self.requests()) };
        request.clone()
    }
}

impl Peer {
    /// Reads a request and records it; `None` when the other side has closed the connection.
    pub(crate) fn request(&mut self) -> Option<String> {
        let mut request = self.head()?;
        let lower = request.to_ascii_lowercase();
        if let Some((_, length)) = lower.split_once("content-length:") {
            let length = length.split("\r\n").next().unwrap().trim().parse().unwrap();
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).ok()?;
            request.push_str(&String::from_utf8_lossy(&body));
        } else if lower.contains("transfer-encoding: chunked") {
            while !request.ends_with("\r\n0\r\n") {
                self.line(&mut request)?;
            }
            while !request.ends_with("\r\n\r\n") {
                self.line(&mut request)?;
            }
        }
        self.requests.lock().unwrap().push(request.clone());
        Some(request)
    }

    /// Reads a request's head, without recording it.
    pub(crate) fn head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            self.line(&mut head)?;
        }
        Some(head)
    }

    /// Reads so many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // The gateway may have given up by now; what it makes of that is what tests look at.
        let _ = self.stream.get_mut().write_all(bytes.as_ref());
    }

    /// Writes; gives whether the other side still takes it.
    pub(crate) fn try_write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.get_mut().write_all(bytes.as_ref()).is_ok()
    }

    /// Breaks the connection with a reset instead of an orderly close.
    pub(crate) fn reset(&mut self) {
        let stream = self.stream.get_ref().try_clone().unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }

    /// Lets another server have the connection, of which these bytes have been read.
    pub(crate) fn join(&mut self, server: SocketAddr, read: &[u8]) {
        let mut other = TcpStream::connect(server).unwrap();
        other.write_all(read).unwrap();
        other.write_all(self.stream.buffer()).unwrap();
        let (mut client, mut back) = (self.stream.get_ref().try_clone().unwrap(), other.try_clone().unwrap());
        let down = std::thread::spawn(move || std::io::copy(&mut back, &mut client));
        // Either side may end it.
        let _ = std::io::copy(self.stream.get_mut(), &mut other);
        let _ = other.shutdown(Shutdown::Both);
        let _ = down.join();
    }

    /// Says that nothing more comes, and goes on reading.
    pub(crate) fn stop_sending(&mut self) {
        let _ = self.stream.get_ref().shutdown(Shutdown::Write);
    }

    /// Reads what has come or comes next; empty at the end.
    pub(crate) fn some(&mut self) -> Vec<u8> {
        let some = self.stream.fill_buf().map(<[u8]>::to_vec).unwrap_or_default();
        self.stream.consume(some.len());
        some
    }

    /// Waits until the other side closes the connection.
    pub(crate) fn wait_for_close(&mut self) {
        let _ = std::io::copy(&mut self.stream, &mut std::io::sink());
    }

    fn line(&mut self, text: &mut String) -> Option<()> {
        let mut line = Vec::new();
        let length = self.stream.read_until(b'\n', &mut line).ok()?;
        text.push_str(&String::from_utf8_lossy(&line));
        (length > 0).then_some(())
    }
}

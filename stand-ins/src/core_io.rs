//! CoreIO, a service that speaks ZeroMQ alone: it answers with what reached it, as a socket of type ROUTER does.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use bytes::{Bytes, BytesMut};
use gateway_zeromq::{
    Command, Event, GREETING, Handshake, Limits, MessageReader, SocketType, write_message, write_pong, write_ready,
};
use serde_json::{Value, json};

/// A service that runs until the process ends.
#[derive(Debug, Clone, Copy)]
pub struct CoreIo(SocketAddr);

impl CoreIo {
    /// Where it is, `tcp://host:port`.
    pub fn url(self) -> String {
        format!("tcp://{}", self.0)
    }

    /// Its socket address.
    pub fn address(self) -> SocketAddr {
        self.0
    }
}

/// A request that has reached it.
#[derive(Debug)]
pub struct Message {
    /// The number that the reply has to bear.
    pub number: u64,
    /// The head.
    pub head: Value,
    /// The body.
    pub body: Bytes,
}

/// A CoreIO that shows each request to `shown`, and answers with its method, its path and how long its body was.
///
/// # Errors
///
/// There is no free port.
pub fn core_io(shown: fn(&Message)) -> io::Result<CoreIo> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            // A gateway that goes away is no affair of CoreIO's.
            std::thread::spawn(move || serve(stream, shown));
        }
    });
    Ok(CoreIo(address))
}

fn serve(mut stream: TcpStream, shown: fn(&Message)) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = GREETING.to_vec();
    write_ready(&mut out, SocketType::Router);
    stream.write_all(&out)?;
    let (mut inbox, mut handshake) = (BytesMut::new(), Handshake::default());
    while handshake.read(&mut inbox).map_err(io::Error::other)?.is_none() {
        fill(&mut stream, &mut inbox)?;
    }
    let mut reader = MessageReader::new(Limits { head: 1 << 20, body: 1 << 30 });
    loop {
        out.clear();
        while answer_next(&mut reader, &mut inbox, &mut out, shown)? {}
        stream.write_all(&out)?;
        fill(&mut stream, &mut inbox)?;
    }
}

/// Answers what has come whole; whether there may be more of it.
fn answer_next(
    reader: &mut MessageReader,
    inbox: &mut BytesMut,
    out: &mut Vec<u8>,
    shown: fn(&Message),
) -> io::Result<bool> {
    let (number, head) = match reader.read(inbox).map_err(io::Error::other)? {
        Event::NeedsMore => return Ok(false),
        Event::Begun(number, head) => (number, head),
        Event::Command(Command::Ping(context)) => {
            write_pong(out, &context);
            return Ok(true);
        }
        _ => return Ok(true),
    };
    let head = serde_json::from_slice(&head)?;
    let message = Message { number, head, body: whole_body(reader, inbox)? };
    shown(&message);
    answer(&message, out);
    Ok(true)
}

/// The body of a message whose head has been read; the demo's and the tests' are short and come with it.
fn whole_body(reader: &mut MessageReader, inbox: &mut BytesMut) -> io::Result<Bytes> {
    let mut body = BytesMut::new();
    loop {
        match reader.read(inbox).map_err(io::Error::other)? {
            Event::Body(part) => body.extend_from_slice(&part),
            Event::Ended => return Ok(body.freeze()),
            Event::NeedsMore => return Err(io::Error::other("the body is too long for a stand-in")),
            _ => {}
        }
    }
}

fn answer(message: &Message, out: &mut Vec<u8>) {
    let head = json!({ "version": 1, "status": 200, "headers": [["content-type", "application/json"]] });
    let (method, path, principal) = (&message.head["method"], &message.head["path"], &message.head["principal"]);
    let length = message.body.len();
    let body = json!({ "service": "coreio", "method": method, "path": path, "principal": principal, "bytes": length });
    let (head, body) = (head.to_string(), body.to_string());
    write_message(out, message.number, head.as_bytes(), body.len() as u64);
    out.extend_from_slice(body.as_bytes());
}

fn fill(stream: &mut TcpStream, inbox: &mut BytesMut) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    let read = stream.read(&mut buffer)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    inbox.extend_from_slice(&buffer[..read]);
    Ok(())
}

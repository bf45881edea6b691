//! A connection's bytes, read to their end: what the tests and the fuzzer hold for every input.

use bytes::BytesMut;
use gateway_http1::{
    Asker, BodyFault, BodyLength, BodyReader, Connection, HeadLimits, HeadReader, Part, RequestFault, RequestHead,
    ResponseFault, ResponseHead, ResponseParts, write_chunk, write_last_chunk, write_request, write_response,
};
use http::{HeaderMap, Method, StatusCode, Version};

/// Small, so that limits are met, too.
pub(crate) const TIGHT: HeadLimits = HeadLimits { bytes: 600, fields: 12 };
/// So large that what was within the others is within these, whatever is added in writing.
pub(crate) const ROOMY: HeadLimits = HeadLimits { bytes: 64 * 1024, fields: 1000 };

/// The start of a message, whichever way it goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Start {
    Request { method: Method, target: String, expects_continue: bool },
    Response { status: StatusCode },
}

/// A message, as far as it has been read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) start: Start,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) length: BodyLength,
    pub(crate) is_persistent: bool,
    pub(crate) data: Vec<u8>,
    pub(crate) trailers: HeaderMap,
    pub(crate) is_whole: bool,
}

/// Why nothing can follow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    Request(RequestFault),
    Response(ResponseFault),
    Body(BodyFault),
}

/// What is on the other end of the connection.
#[derive(Clone, Debug)]
pub(crate) enum Side {
    Client,
    /// All its answers are to this method.
    Upstream(Method),
}

/// One direction of a connection.
pub(crate) struct Stream {
    side: Side,
    limits: HeadLimits,
    buffer: BytesMut,
    heads: HeadReader,
    spare: HeaderMap,
    body: Option<BodyReader>,
    pub(crate) messages: Vec<Message>,
    pub(crate) fault: Option<Fault>,
}

impl Stream {
    fn new(side: Side, limits: HeadLimits) -> Self {
        let (buffer, heads, spare) = (BytesMut::new(), HeadReader::new(limits), HeaderMap::new());
        Self { side, limits, buffer, heads, spare, body: None, messages: Vec::new(), fault: None }
    }

    /// Reads all messages of the pieces, after which the connection ends.
    pub(crate) fn of<'a>(side: &Side, limits: HeadLimits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut stream = Self::new(side.clone(), limits);
        for piece in pieces {
            stream.buffer.extend_from_slice(piece);
            while stream.fault.is_none() && stream.step() {}
        }
        if let (Some(body), Some(message)) = (&mut stream.body, stream.messages.last_mut()) {
            message.is_whole = stream.fault.is_none() && body.at_eof().is_ok();
        }
        stream
    }

    /// Whether there was something to read.
    fn step(&mut self) -> bool {
        let step = if self.body.is_some() { self.read_body() } else { self.read_head() };
        step.unwrap_or_else(|fault| {
            self.fault = Some(fault);
            false
        })
    }

    fn read_head(&mut self) -> Result<bool, Fault> {
        let (heads, buffer, spare) = (&mut self.heads, &mut self.buffer, &mut self.spare);
        let message = match &self.side {
            Side::Client => heads.read_request(buffer, spare).map_err(Fault::Request)?.map(Message::from),
            Side::Upstream(asked) => {
                heads.read_response(buffer, asked, spare).map_err(Fault::Response)?.map(Message::from)
            }
        };
        let Some(message) = message else { return Ok(false) };
        self.body = Some(BodyReader::new(message.length, self.limits));
        self.messages.push(message);
        Ok(true)
    }

    fn read_body(&mut self) -> Result<bool, Fault> {
        let body = self.body.as_mut().expect("a body is being read");
        let message = self.messages.last_mut().expect("its head has been read");
        match body.read(&mut self.buffer).map_err(Fault::Body)? {
            Part::Data(data) => message.data.extend_from_slice(&data),
            Part::Trailers(trailers) => message.trailers = trailers,
            Part::NeedsMore => return Ok(false),
            Part::End => {
                assert!(body.is_at_end() && body.remaining() == Some(0));
                message.is_whole = true;
                self.body = None;
            }
        }
        Ok(true)
    }
}

impl Message {
    fn new(start: Start, version: Version, headers: HeaderMap, length: BodyLength, is_persistent: bool) -> Self {
        let (data, trailers, is_whole) = (Vec::new(), HeaderMap::new(), false);
        Self { start, version, headers, length, is_persistent, data, trailers, is_whole }
    }

    /// The message as this crate writes it.
    pub(crate) fn written(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match &self.start {
            Start::Request { method, target, .. } => {
                write_request(&mut out, method, target, &self.headers, self.length);
            }
            Start::Response { status } => self.write_response_head(*status, &mut out),
        }
        if self.length == BodyLength::Chunked {
            write_chunk(&mut out, &self.data);
            write_last_chunk(&mut out, Some(&self.trailers));
        } else {
            out.extend_from_slice(&self.data);
        }
        out
    }

    fn write_response_head(&self, status: StatusCode, out: &mut Vec<u8>) {
        let (headers, body, connection) = (&self.headers, self.length, Connection::KeepAlive);
        let asker = Asker { version: Version::HTTP_11, is_head: false };
        let _ = write_response(out, asker, &ResponseParts { status, headers, body, connection, date: None });
    }

    /// What of the message survives writing: not how its frame was spelled, nor what is meant for one connection alone.
    pub(crate) fn meaning(mut self) -> Self {
        if let Start::Request { expects_continue, .. } = &mut self.start {
            *expects_continue = false;
        }
        for name in ["content-length", "transfer-encoding", "connection"] {
            self.headers.remove(name);
        }
        let is_empty = self.length.is_empty();
        let length = if is_empty { BodyLength::Empty } else { self.length };
        Self { version: Version::HTTP_11, is_persistent: true, length, ..self }
    }
}

impl From<RequestHead> for Message {
    fn from(head: RequestHead) -> Self {
        let (method, target) = (head.method, head.target.to_string());
        let start = Start::Request { method, target, expects_continue: head.expects_continue };
        Self::new(start, head.version, head.headers, head.body, head.is_persistent)
    }
}

impl From<ResponseHead> for Message {
    fn from(head: ResponseHead) -> Self {
        Self::new(Start::Response { status: head.status }, head.version, head.headers, head.body, head.is_persistent)
    }
}

/// Whatever the bytes: nothing panics, it does not matter in which pieces they come, and what is taken for a whole
/// message is the same message after it has been written and read again.
pub(crate) fn holds(side: &Side, bytes: &[u8]) -> Stream {
    let whole = Stream::of(side, TIGHT, [bytes]);
    for size in [1, 2, 7] {
        let pieces = Stream::of(side, TIGHT, bytes.chunks(size));
        assert_eq!(pieces.messages, whole.messages);
        assert_eq!(pieces.fault, whole.fault);
    }
    for message in whole.messages.iter().filter(|message| message.is_whole) {
        survives_writing(message);
    }
    whole
}

fn survives_writing(message: &Message) {
    let side = match &message.start {
        Start::Request { .. } => Side::Client,
        Start::Response { .. } => Side::Upstream(Method::GET),
    };
    let again = Stream::of(&side, ROOMY, [&message.written()[..]]);
    assert_eq!(again.fault, None);
    let messages: Vec<Message> = again.messages.into_iter().map(Message::meaning).collect();
    assert_eq!(messages, [message.clone().meaning()]);
}

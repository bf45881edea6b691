//! What is wrong with what a service sends.

/// Why a connection is of no use, or no longer: what follows on it cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionFault {
    /// The first bytes are no greeting of ZMTP.
    #[error("what answers there does not speak ZMTP")]
    NoGreeting,
    /// A version before 3.0, of libzmq before 4.0.
    #[error("the service speaks ZMTP {0}, which is older than 3.0 (libzmq 4)")]
    Version(u8),
    /// A mechanism other than NULL.
    #[error("the service wants the security mechanism {0}; only NULL is spoken")]
    Mechanism(String),
    /// The service has refused the connection.
    #[error("the service refuses the connection: {0}")]
    Refused(String),
    /// A socket that answers no requests.
    #[error("the service's socket is a {0}; it has to be REP or ROUTER")]
    SocketType(String),
    /// The handshake is something else than READY or ERROR.
    #[error("the handshake is malformed")]
    Handshake,
    /// A command that is malformed or longer than any is.
    #[error("a command is malformed or too long")]
    Command,
    /// A frame has flags that ZMTP does not have.
    #[error("a frame has unknown flags")]
    Flags,
    /// A frame is so long that it would never end.
    #[error("a frame announces {0} bytes")]
    FrameTooLong(u64),
}

/// Why a message is no reply, though it names its request. What follows on the connection is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// The empty frame is missing behind the request's number.
    #[error("the empty frame is missing")]
    NoDelimiter,
    /// There is no head.
    #[error("the head is missing")]
    NoHead,
    /// The head is longer than the limit.
    #[error("the head is longer than {0} bytes")]
    HeadTooLong(usize),
    /// The body is longer than the limit.
    #[error("the body is longer than {0} bytes")]
    BodyTooLong(u64),
    /// There are frames behind the body.
    #[error("there are frames behind the body")]
    TooManyFrames,
}

/// Why a reply cannot be passed on.
#[derive(Debug, thiserror::Error)]
pub enum ReplyFault {
    /// The message is not made as a reply is.
    #[error(transparent)]
    Message(#[from] MessageFault),
    /// The head is not the JSON that it should be.
    #[error("the head does not parse: {0}")]
    Head(#[from] serde_json::Error),
    /// The head is written by another version of the envelope.
    #[error("the head is of version {0}, expected 1")]
    Version(u64),
    /// A number that is no status of an answer: below 200, above 599.
    #[error("{0} is no status of a reply")]
    Status(u64),
    /// A header field that HTTP cannot carry.
    #[error("the header field {0:?} cannot be sent by HTTP")]
    Field(String),
    /// There are more header fields than the limit.
    #[error("there are more than {0} header fields")]
    TooManyFields(usize),
}

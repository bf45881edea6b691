//! What is wrong with the bytes of a message, and which status tells a client so.

use http::StatusCode;

/// What is wrong with a field line, of a head or of trailers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// A line ends in LF alone.
    #[error("a line ends in a line feed without a carriage return before it")]
    BareLineFeed,
    /// A carriage return stands elsewhere than at a line's end.
    #[error("a carriage return stands within a line")]
    BareCarriageReturn,
    /// A line begins with a space or a tab, as a folded field's second line does.
    #[error("a field line begins with whitespace; folded lines are not taken")]
    Folded,
    /// A field's name ends in whitespace. RFC 9112, section 5.1, asks a proxy to strip it from an answer; we refuse it
    /// there too, since whoever writes this writes by hand.
    #[error("whitespace stands between a field's name and its colon")]
    SpaceBeforeColon,
    /// A field line has no colon.
    #[error("a field line has no colon")]
    NoColon,
    /// A field's name is empty or is no token.
    #[error("a field's name is empty or has a character that no name has")]
    Name,
    /// A field's value has a control byte.
    #[error("a field's value has a control byte")]
    Value,
    /// There are more fields than the limit.
    #[error("there are more fields than the limit allows")]
    TooMany,
}

/// What is wrong with the fields that say where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingFault {
    /// `Content-Length` is no plain number, or none of 64 bits.
    #[error("Content-Length is not one decimal number")]
    Length,
    /// `Content-Length` stands there twice.
    #[error("Content-Length is given twice")]
    RepeatedLength,
    /// `Content-Length` stands beside `Transfer-Encoding`.
    #[error("Content-Length stands beside Transfer-Encoding")]
    LengthBesideCoding,
    /// `Transfer-Encoding` in a message of HTTP/1.0, which does not have it.
    #[error("Transfer-Encoding stands in an HTTP/1.0 message")]
    CodingInOldVersion,
    /// `Transfer-Encoding` has an empty member, `chunked` twice, or `chunked` before another coding.
    #[error("Transfer-Encoding does not end in chunked, once")]
    Coding,
    /// `Transfer-Encoding` stands there twice.
    #[error("Transfer-Encoding is given twice")]
    RepeatedCoding,
    /// A transfer coding other than `chunked`.
    #[error("a transfer coding other than chunked is asked for")]
    UnknownCoding,
    /// A 1xx answer speaks of a body.
    #[error("an informational answer has a field that announces a body")]
    InformationalBody,
}

/// Why a request is not taken: answer with [`RequestFault::status`], close, forward nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// More empty lines before the request line than a client sends by mistake.
    #[error("too many empty lines stand before the request line")]
    EmptyLines,
    /// The request line is not three words with one space between them.
    #[error("the request line is not a method, a target and a version with one space between them")]
    Line,
    /// The method is no token.
    #[error("the method has a character that no method has")]
    Method,
    /// The target has a character or a form that it must not have.
    #[error("the request's target is malformed, or of a form that its method does not take")]
    Target,
    /// A major version that is not 1.
    #[error("the request is not of HTTP/1")]
    Version,
    /// The request line is longer than the limit.
    #[error("the request line is longer than the limit allows")]
    LineTooLong,
    /// The head is longer than the limit.
    #[error("the head is longer than the limit allows")]
    HeadTooLong,
    /// `Expect` asks for something else than `100-continue`.
    #[error("Expect asks for something else than 100-continue")]
    Expectation,
    /// A field line is wrong.
    #[error(transparent)]
    Field(#[from] FieldFault),
    /// The fields do not say clearly where the body ends.
    #[error(transparent)]
    Framing(#[from] FramingFault),
}

impl RequestFault {
    /// The status that tells the client.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::LineTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLong | Self::Field(FieldFault::TooMany) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::Framing(FramingFault::UnknownCoding) => StatusCode::NOT_IMPLEMENTED,
            Self::EmptyLines | Self::Line | Self::Method | Self::Target | Self::Field(_) | Self::Framing(_) => {
                StatusCode::BAD_REQUEST
            }
        }
    }
}

/// Why an upstream's answer is not taken: its connection is closed, the client gets a 502.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseFault {
    /// The status line is not a version, a status of three digits and a reason.
    #[error("the status line is not a version, a status of three digits and a reason")]
    Line,
    /// The status is not within 100 to 599.
    #[error("the status is not within 100 to 599")]
    Status,
    /// A major version that is not 1.
    #[error("the answer is not of HTTP/1")]
    Version,
    /// The head is longer than the limit.
    #[error("the head is longer than the limit allows")]
    HeadTooLong,
    /// A field line is wrong.
    #[error(transparent)]
    Field(#[from] FieldFault),
    /// The fields do not say clearly where the body ends.
    #[error(transparent)]
    Framing(#[from] FramingFault),
}

/// Why a body cannot be read to its end: nothing on this connection can be trusted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// The connection ended before the body did.
    #[error("the connection ended before the body did")]
    Truncated,
    /// A chunk's size is not 1 to 16 hexadecimal digits.
    #[error("a chunk's size is not 1 to 16 hexadecimal digits")]
    ChunkSize,
    /// What follows a chunk's size is no extension, or has a control byte.
    #[error("what follows a chunk's size is no chunk extension")]
    ChunkExtension,
    /// The line with a chunk's size, or all extensions of the body, are longer than is sensible.
    #[error("chunk extensions are too long")]
    ChunkLineTooLong,
    /// A chunk's data is not followed by CR LF.
    #[error("a chunk's data is not followed by CR LF")]
    ChunkEnd,
    /// The trailers are longer than the limit.
    #[error("the trailers are longer than the limit allows")]
    TrailersTooLong,
    /// A trailer field's line is wrong.
    #[error("in the trailers, {0}")]
    Trailer(#[from] FieldFault),
}

impl BodyFault {
    /// The status that tells a client whose request's body this was, if no answer has begun.
    pub fn status(self) -> StatusCode {
        match self {
            Self::TrailersTooLong | Self::Trailer(FieldFault::TooMany) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Truncated
            | Self::ChunkSize
            | Self::ChunkExtension
            | Self::ChunkLineTooLong
            | Self::ChunkEnd
            | Self::Trailer(_) => StatusCode::BAD_REQUEST,
        }
    }
}

//! HTTP/1.1 messages: bytes to heads and bodies, and back (RFC 9112).
//!
//! Nothing here knows a socket, a task or a route: bytes come in by a `BytesMut`, go out by a `Vec<u8>`.
//! The gateway stands on both sides of it, as a server toward clients and as a client toward upstreams, so what this
//! crate takes and refuses is what keeps a message from meaning one thing here and another thing next door. Hence:
//!
//! - What RFC 9112 lets a recipient mend or guess, this one refuses: a line that ends in a bare line feed, a folded
//!   field, a space before a colon, two lengths, a length beside a transfer coding.
//! - What is taken is written anew, from what was understood; no byte of a head or of a chunk's frame is passed on.

mod body;
mod body_length;
mod fault;
mod fields;
mod framing;
mod head;
mod head_end;
mod request;
mod request_line;
mod response;
mod version;
mod write;

pub use body::{BodyReader, Part};
pub use body_length::BodyLength;
pub use fault::{BodyFault, FieldFault, FramingFault, RequestFault, ResponseFault};
pub use head::{HeadLimits, HeadReader};
pub use request::RequestHead;
pub use response::ResponseHead;
pub use write::chunk::{CHUNK_END, write_chunk, write_chunk_size, write_last_chunk};
pub use write::request::{RequestWriter, write_request};
pub use write::response::{Asker, Connection, ResponseParts, Sent, write_informational, write_response};

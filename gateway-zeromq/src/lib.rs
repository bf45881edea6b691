//! Messages to and from services that speak ZeroMQ: bytes to replies, requests to bytes.
//!
//! Two layers, and no socket in either. ZMTP 3.1 (RFC 23 and 37 of rfc.zeromq.org) with the NULL mechanism: a greeting,
//! a handshake, then frames. In the frames, the gateway's envelope, which `docs/zeromq.md` describes to those who write
//! services:
//!
//! ```text
//! number of the request (8 bytes) │ empty │ head (JSON) │ body
//! └──── comes back as it is ─────────────┘
//! ```
//!
//! Every byte that comes in is the service's and is not trusted: no length is believed before its bytes are there, and
//! nothing grows beyond a [`Limits`].

mod command;
mod fault;
mod frame;
mod greeting;
mod message;
mod reply;
mod request;
mod write;

pub use command::{Command, SocketType, write_ping, write_pong, write_ready};
pub use fault::{ConnectionFault, MessageFault, ReplyFault};
pub use greeting::{GREETING, Handshake, Peer};
pub use message::{Event, Limits, MessageReader};
pub use reply::{MOST_FIELDS, ReplyHead};
pub use request::{Asker, RequestHead, VERSION};
pub use write::write_message;

//! Stand-ins for the gateway's neighbours, for the demo and the tests; no part of what ships.
//!
//! They do with real sockets, keys and signatures what the gateway sees of its neighbours, and nothing else.

mod core_auth;
mod core_io;
mod core_telemetry;
mod counting;
mod echo;
mod issuer;
mod server;
#[cfg(unix)]
mod supervisor;

pub use core_auth::core_auth;
pub use core_io::{CoreIo, Message, core_io};
pub use core_telemetry::{CoreTelemetry, Mood};
pub use counting::Counting;
pub use echo::{Seen, echo};
pub use issuer::{Issuer, KeyKind, unix_now};
pub use server::{Server, text_response};
#[cfg(unix)]
pub use supervisor::{Patience, Stopped, Supervised, newest};

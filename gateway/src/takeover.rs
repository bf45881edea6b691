//! A rebuilt executable takes over in place: the same process goes on with other code, and nobody who talks to it notices.
//!
//! ```text
//!  old code                                                             new code (the same process)
//!  self_check   the new executable is started beside, and says whether
//!               it could serve: its table, the configuration, addresses
//!  Soon         what cannot go along ends with its next answer
//!  Now          nothing new is begun; requests in flight end
//!  Estate       sockets, idle connections, limits, breakers, keys,  ──►  Estate     goes on from there
//!               counts, in a file in memory; then `exec`
//! ```
//!
//! Whatever goes wrong before the last step leaves the old code serving. Connections in clear that speak HTTP/1.1 go along
//! between two requests, with what has been read of the next one; over TLS and HTTP/2 clients are asked to come again.

#[cfg(target_os = "linux")]
mod document;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod estate;
#[cfg(target_os = "linux")]
mod exec;
mod executable;
mod fault;
mod lull;
#[cfg(target_os = "linux")]
mod self_check;

#[cfg(not(target_os = "linux"))]
pub(crate) use self::elsewhere::replace_process;
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) use self::elsewhere::unblock_signals;
pub(crate) use self::estate::{Build, Estate, Listening, Parts, State};
#[cfg(target_os = "linux")]
pub(crate) use self::exec::{replace_process, unblock_signals};
pub(crate) use self::executable::Executable;
pub(crate) use self::fault::TakeOverError;
pub(crate) use self::lull::wait_for_lull;

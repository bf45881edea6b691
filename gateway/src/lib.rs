//! The engine of CoreGateway: it walks a compiled [`table`] for every request.
//!
//! Everything public is blocking and concrete: the thin binary that embeds a table compiles in no time, as no generic
//! and no `async` code of the engine is compiled again for it.

mod access_log;
mod admin;
mod at_once;
pub mod auth;
mod budget;
mod buffers;
mod check;
mod client;
pub mod clock;
mod compression;
mod connection;
mod cors;
mod cut;
mod debounce;
#[cfg(unix)]
mod descriptors;
mod disclosure;
mod headers;
mod healthcheck;
pub mod identity;
mod limiters;
mod listener;
mod log;
mod materials;
mod operators;
mod orders;
mod outlet;
#[cfg(feature = "zeromq")]
mod parts;
mod pipeline;
mod refusal;
mod rejection;
mod request_body;
mod response_body;
mod rules;
pub mod secrets;
mod server;
pub mod settings;
mod stream;
mod takeover;
mod telemetry;
mod ticks;
mod tls;
mod trace_context;
mod turn;
mod upstream;
mod wire;
mod worker;

pub use check::check;
pub use gateway_table as table;
pub use healthcheck::{HealthFault, healthcheck};
pub use identity::ServiceKeyFault;
#[doc(hidden)]
pub use pipeline::WarmPath;
pub use refusal::write_refusal;
pub use server::{Gateway, StartError, Stopper};
pub use settings::Settings;
pub use tls::TlsError;

/// Serves the routes of `table` until the process is told to stop by SIGTERM or SIGINT, or has another executable take over.
///
/// # Errors
///
/// The settings do not fit the table, the address is taken, or the system lacks something; see [`StartError`].
pub fn run(settings: Settings, table: &'static table::Table) -> Result<(), StartError> {
    Gateway::take_place(settings, table)?.serve_until_signalled()
}

/// Checks everything that [`run`] needs, and gives what this executable says of itself, as JSON. A gateway that is to be taken over
/// asks for it.
///
/// # Errors
///
/// See [`run`].
pub fn self_check(settings: Settings, table: &'static table::Table) -> Result<String, StartError> {
    Gateway::check_place(settings, table)
}

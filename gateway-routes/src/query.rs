//! What can be asked of a table: what it holds, and what becomes of a request.

pub mod decide;
#[cfg(feature = "cli")]
pub mod routes;

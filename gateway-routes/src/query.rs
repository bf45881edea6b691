//! What can be asked of a table: what it holds, who may do what, what becomes of a request, and what changes to another.

pub mod coverage;
pub mod decide;
pub mod diff;
#[cfg(feature = "cli")]
pub mod matrix;
#[cfg(feature = "cli")]
pub mod routes;
pub mod witness;

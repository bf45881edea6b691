//! The engine: serves the routes of a compiled table.

#[cfg_attr(not(test), expect(dead_code, reason = "the server starts the refresh of keys"))]
pub mod auth;
pub mod clock;
pub mod settings;
mod upstream;

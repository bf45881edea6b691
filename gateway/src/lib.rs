//! The engine: serves the routes of a compiled table.

pub mod settings;

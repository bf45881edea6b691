//! The route compiler's front end: it reads a route file, checks it, lowers it to a [`gateway_table::Table`], and says what is
//! wrong with it. The build script, the procedural macro and the route commands all ask [`compile`], so that there is never a
//! second opinion about a file.
//!
//! Data flows one way: [`Source`] → tree with places → file as written → checks → table. Every fault of a file comes out of one
//! run, sorted by place. Nothing here knows what a connection is.

pub mod build_script;
mod callers;
mod check;
mod code;
#[cfg(feature = "cli")]
pub mod command;
mod compilation;
#[cfg(feature = "cli")]
pub mod explain;
mod fault;
pub mod fix;
mod lint;
mod lower;
mod pattern;
mod prefix_tree;
pub mod query;
mod read;
pub mod render;
mod replacement;
mod route_file;
mod similar;
mod source;
mod span;
mod target;
mod units;

pub use code::Code;
pub use compilation::{CheckedTable, Compilation, compile};
pub use fault::{Fault, Fix, Label, Level};
pub use source::{MAX_FILE_BYTES, Source};
pub use span::Span;

#[cfg(all(test, feature = "cli"))]
mod tests;

//! The compiled route table: its types, and the decisions that follow from it.
//!
//! The route compiler makes a [`Table`], the procedural macro prints it as a `static`, the engine walks it.
//! What a table decides (which route owns a path, what is sent upstream, whose roles suffice) is decided by the
//! functions of this crate alone, so that `coregateway match` and the running gateway cannot differ.
//!
//! Nothing here knows how a route file is written, or what a connection is. Every type can stand in a `static`
//! ([`Text`] and [`List`] borrow there) and can as well be built at run time, as the commands and the tests do.

mod method;
mod path;
mod rewrite;
mod role;
mod table;
mod trie;
mod written;

pub use method::{Method, MethodSet};
pub use path::{CanonicalPath, PathFault};
pub use rewrite::{Piece, Rewrite};
pub use role::{Access, Role, RoleSet};
pub use table::{
    BUILT_IN_PATHS, Breaker, PathMatch, RateLimit, RateUnit, Retry, RetryCause, Route, Scheme, Service, Table,
    Timeouts, Upgrade,
};
pub use trie::{Edge, Found, Node, Trie};
pub use written::{Policy, Written};

/// Text of a table: borrowed in the compiled one, owned where a table is made at run time.
pub type Text = std::borrow::Cow<'static, str>;

/// A list of a table: borrowed in the compiled one, owned where a table is made at run time.
pub type List<T> = std::borrow::Cow<'static, [T]>;

//! How a message says where its body ends.

/// How a message says where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is no body, and nothing says so.
    Empty,
    /// So many bytes, as `Content-Length` says.
    Exact(u64),
    /// Chunks, the last of which is empty.
    Chunked,
    /// All that comes until the connection is closed; answers only.
    UntilClose,
}

impl BodyLength {
    /// Whether not a byte of body follows the head.
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Empty | Self::Exact(0))
    }
}

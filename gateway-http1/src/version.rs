//! The version that a message names.

use http::Version;

/// What a message says of its version.
pub(crate) enum Named {
    /// HTTP/1: what this crate speaks.
    One(Version),
    /// Another major version.
    Other,
}

/// Reads `HTTP/1.1`; `None` if it is no version at all.
///
/// A higher minor version than ours is ours: RFC 9110, section 2.5, has a recipient treat HTTP/1.2 as the highest
/// minor version of that major version that it knows.
pub(crate) fn read(bytes: &[u8]) -> Option<Named> {
    let [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] = bytes else { return None };
    Some(match (major, minor) {
        (b'1', b'0') => Named::One(Version::HTTP_10),
        (b'1', _) => Named::One(Version::HTTP_11),
        _ => Named::Other,
    })
}

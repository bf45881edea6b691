//! Fields that claim something which only the gateway, or a trusted proxy, may say: who is asking, where from, and how the
//! message is framed. In every spelling: some servers make no difference between `-` and `_`.

use http::HeaderName;
use http::header::FORWARDED;

/// Another spelling, with `_` for `-`, of a field that the gateway sets or removes itself: a server that makes no
/// difference would take it for that field.
pub(super) fn is_alias(name: &HeaderName) -> bool {
    const FIELDS: [&str; 7] = [
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "transfer-encoding",
        "x-correlation-id",
    ];
    name.as_str().contains('_') && FIELDS.iter().any(|field| same_field(name, field))
}

/// What says where a request came from; only a trusted proxy's is believed.
pub(super) fn is_forwarding(name: &HeaderName) -> bool {
    const FIELDS: [&str; 6] = [
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-original-forwarded-for",
    ];
    if !matches!(name.as_str().as_bytes()[0], b'x' | b'f' | b't' | b'c') {
        return false;
    }
    *name == FORWARDED || starts_like(name, "x-forwarded-") || FIELDS.iter().any(|field| same_field(name, field))
}

/// What a service could take for the gateway's word on who is asking. Nobody's is believed, not a trusted proxy's.
pub(super) fn is_identity(name: &HeaderName) -> bool {
    const NAMES: [&str; 5] = ["x-auth", "x-sub", "x-subject", "x-uid", "x-user"];
    const PREFIXES: [&str; 30] = [
        "x-access-token",
        "x-auth-",
        "x-authenticated",
        "x-authorization",
        "x-client-cert",
        "x-email",
        "x-forwarded-access-token",
        "x-forwarded-client-cert",
        "x-forwarded-email",
        "x-forwarded-group",
        "x-forwarded-preferred-username",
        "x-forwarded-user",
        "x-group",
        "x-id-token",
        "x-identity",
        "x-is-admin",
        "x-jwt",
        "x-login",
        "x-permission",
        "x-principal",
        "x-remote-",
        "x-role",
        "x-scope",
        "x-service-auth",
        "x-ssl-client",
        "x-user-",
        "x-userid",
        "x-username",
        "x-webauth",
        "xauth",
    ];
    match name.as_str().as_bytes()[0] {
        b'x' => {
            PREFIXES.iter().any(|prefix| starts_like(name, prefix)) || NAMES.iter().any(|other| same_field(name, other))
        }
        b'r' => starts_like(name, "remote-"),
        b's' => starts_like(name, "ssl-client"),
        _ => false,
    }
}

/// Whether `name` starts with `prefix` when `_` and `-` are one: some servers make no difference.
fn starts_like(name: &HeaderName, prefix: &str) -> bool {
    let plain = |byte: u8| if byte == b'_' { b'-' } else { byte };
    let name = name.as_str().bytes().map(plain);
    prefix.bytes().map(plain).eq(name.take(prefix.len()))
}

/// Whether `name` is `other` when `_` and `-` are one.
pub(super) fn same_field(name: &HeaderName, other: &str) -> bool {
    name.as_str().len() == other.len() && starts_like(name, other)
}

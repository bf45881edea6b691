//! The `response_headers` section: what answers say of the way to the upstream.

use super::section::{Faults, Field};

/// What answers say of the way to the upstream. Both tell a client about the inside of the plant, so both are off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResponseHeaderSettings {
    /// `response_headers.proxy_status`: whether an answer says why the gateway made it itself (RFC 9209). Default `false`.
    pub proxy_status: bool,
    /// `response_headers.server_timing`: whether an answer says how long it took, here and upstream. Default `false`.
    pub server_timing: bool,
}

/// Reads the `response_headers` section.
pub(super) fn read(field: Field, faults: &mut Faults) -> ResponseHeaderSettings {
    let Some(mut section) = field.section(&["proxy_status", "server_timing"], faults) else {
        return ResponseHeaderSettings::default();
    };
    let mut truth = |key| section.take(key).and_then(|field| field.truth(faults)).unwrap_or_default();
    ResponseHeaderSettings { proxy_status: truth("proxy_status"), server_timing: truth("server_timing") }
}

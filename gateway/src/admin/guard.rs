//! Who may: in, the head of a request; out, nothing, or why it is refused.
//!
//! A browser that an operator has open is a way in: pages of other origins may send requests (CSRF) and may pretend to be
//! of this one by a name that suddenly means this machine (DNS rebinding).

use std::net::IpAddr;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, StatusCode};

use super::Admin;
use crate::auth::TokenCache;
use crate::clock::Clock;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The `Host` is none that the listener answers to.
    Host,
    /// The request was made by a page of another origin.
    Origin,
    /// An action that does not come as JSON, as every page of any origin could send it.
    NotJson,
    /// There is no good token.
    Unauthorized,
    /// The token has not the role.
    Forbidden,
    /// From other machines nobody may act without a role.
    RoleNeeded,
}

impl Refusal {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Origin | Self::Forbidden | Self::RoleNeeded => StatusCode::FORBIDDEN,
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Host => "this listener is not known by that name; names are listed in `admin.hosts`",
            Self::Origin => "a page of another origin may not ask",
            Self::NotJson => "actions are sent with `Content-Type: application/json`",
            Self::Unauthorized => "a valid access token is needed",
            Self::Forbidden => "the access token has not the role that `admin.required_role` names",
            Self::RoleNeeded => "on an address that other machines reach, actions need `admin.required_role`",
        }
    }
}

/// What applies to every request, the page itself included, which holds no secret.
pub(super) fn check_origin(admin: &Admin, head: &Parts) -> Result<(), Refusal> {
    let host = host(&head.headers).ok_or(Refusal::Host)?;
    let settings = admin.settings().ok_or(Refusal::Host)?;
    if !is_own(&host, &settings.hosts) {
        return Err(Refusal::Host);
    }
    let site = head.headers.get(FETCH_SITE).map(http::HeaderValue::as_bytes);
    // A link on another page may lead to the status page; a page there may not use what is behind it.
    let is_page = head.uri.path() == "/" && head.method == Method::GET;
    if !is_page && matches!(site, Some(b"cross-site" | b"same-site")) {
        return Err(Refusal::Origin);
    }
    let Some(origin) = head.headers.get(ORIGIN) else { return Ok(()) };
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    if origin.as_bytes() == format!("{scheme}://{host}").as_bytes() { Ok(()) } else { Err(Refusal::Origin) }
}

/// What applies to whatever tells or does something.
pub(super) fn check_role(admin: &Admin, headers: &HeaderMap) -> Result<(), Refusal> {
    let settings = admin.settings().ok_or(Refusal::Forbidden)?;
    let Some(role) = &settings.required_role else { return Ok(()) };
    let index = admin.state.table.roles.iter().position(|known| known.claim == role.claim);
    let now = Clock::default().now();
    // Operators are few: no token is kept.
    let principal = admin.state.verifier.authenticate(&mut TokenCache::default(), headers, now);
    let principal = principal.map_err(|_| Refusal::Unauthorized)?;
    if index.is_some_and(|index| principal.roles.contains(index)) { Ok(()) } else { Err(Refusal::Forbidden) }
}

/// What applies to actions.
pub(super) fn check_action(admin: &Admin, head: &Parts) -> Result<(), Refusal> {
    let settings = admin.settings().ok_or(Refusal::Forbidden)?;
    let is_open = !settings.listen.ip().is_loopback() && settings.required_role.is_none();
    if is_open {
        return Err(Refusal::RoleNeeded);
    }
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Refusal::NotJson) }
}

/// Whether the request brings a token at all.
pub(super) fn has_token(head: &Parts) -> bool {
    head.headers.contains_key(AUTHORIZATION)
}

fn host(headers: &HeaderMap) -> Option<Authority> {
    let mut fields = headers.get_all(HOST).iter();
    let host = fields.next()?.to_str().ok()?.parse().ok()?;
    if fields.next().is_some() { None } else { Some(host) }
}

/// Whether the listener answers to this name: to addresses, which no attacker can make mean something else, to
/// `localhost`, and to the configured names.
fn is_own(host: &Authority, names: &[String]) -> bool {
    let name = host.host();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_configured_names_are_its_own() {
        let names = ["gateway.plant".to_owned()];
        for host in ["127.0.0.1:8002", "[::1]:8002", "localhost", "LOCALHOST:1", "192.0.2.1", "Gateway.Plant:8002"] {
            assert!(is_own(&host.parse().unwrap(), &names), "{host}");
        }
        for host in ["evil.example:8002", "127.0.0.1.evil.example", "gateway.plant.evil.example", "localhost.evil"] {
            assert!(!is_own(&host.parse().unwrap(), &names), "{host}");
        }
    }
}

//! A request to switch the protocol of its connection (RFC 9110 §7.8): whether its route lets it pass, and whether what the
//! upstream switched to was asked for.

use gateway_table::Upgrade;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, Version};

use crate::headers::{has_member, members};
use crate::request_body::ClientBody;

/// The protocols that a client offers and its route allows, as an `Upgrade` field.
#[derive(Debug)]
pub(super) struct Offer(HeaderValue);

/// What the request offers: nothing where it has a body, is not a GET or not of HTTP/1.1, or where its route allows none
/// of what it offers.
pub(super) fn offer(request: &Request<ClientBody>, rule: &Upgrade) -> Option<Offer> {
    let headers = request.headers();
    let is_plain = request.version() == Version::HTTP_11 && *request.method() == Method::GET;
    if !is_plain || !headers.contains_key(UPGRADE) || request.body().length() != Some(0) || !asks(headers) {
        return None;
    }
    let allowed: Vec<&str> = members(headers, &UPGRADE).filter(|protocol| rule.allows(protocol)).collect();
    let offer = HeaderValue::from_str(&allowed.join(", ")).ok()?;
    (!allowed.is_empty()).then_some(Offer(offer))
}

/// Whether `Connection` says that `Upgrade` is meant for this hop.
fn asks(headers: &HeaderMap) -> bool {
    has_member(headers, &CONNECTION, "upgrade")
}

/// Tells the client what its connection speaks from here on.
pub(super) fn confirm(headers: &mut HeaderMap, taken: HeaderValue) {
    headers.insert(UPGRADE, taken);
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
}

impl Offer {
    /// What the upstream is offered, as an `Upgrade` field.
    pub(super) fn protocols(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The protocols that the upstream has switched to, as an `Upgrade` field, if all of them were offered.
    pub(super) fn taken(&self, answered: &HeaderMap) -> Option<HeaderValue> {
        let offered = self.0.to_str().unwrap_or_default();
        let is_offered = |taken: &str| offered.split(", ").any(|protocol| protocol.eq_ignore_ascii_case(taken));
        let has_any = members(answered, &UPGRADE).next().is_some();
        (has_any && members(answered, &UPGRADE).all(is_offered)).then(|| answered.get(UPGRADE).cloned()).flatten()
    }
}

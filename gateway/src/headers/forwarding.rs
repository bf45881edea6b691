//! A request's fields as its upstream sees them: those of its client that cross the gateway, and those that the gateway adds.
//!
//! In: the fields as the client sent them, which stay as they are. Out: field after field, to whoever writes them.

use http::header::{AUTHORIZATION, CONNECTION, FORWARDED, HOST, TE, TRAILER, UPGRADE, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use super::claims::{is_alias, is_forwarding, is_identity, same_field};
use super::{CORRELATION_ID, ClientOrigin, RETRY_ATTEMPT, is_hop_by_hop, named_by_connection, takes_trailers};
use crate::identity::IdentityFields;
use crate::trace_context::{TRACEPARENT, TRACESTATE, TraceContext};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What an upstream learns of a request beside what its client sent.
pub(crate) struct Forwarding<'a> {
    /// Who sent it.
    pub(crate) client: &'a ClientOrigin,
    /// The version by which it came.
    pub(crate) version: Version,
    /// The request's `Host`.
    pub(crate) host: Option<HeaderValue>,
    /// The upstream's own `Host`.
    pub(crate) upstream_host: &'a HeaderValue,
    /// The request's correlation id.
    pub(crate) correlation_id: &'a HeaderValue,
    /// The trace that it belongs to.
    pub(crate) trace: TraceContext,
    /// Who is asking.
    pub(crate) identity: IdentityFields,
    /// The protocols that the client may switch to.
    pub(crate) upgrade: Option<HeaderValue>,
    /// Whether the upstream gets the client's credentials; they go no further than the gateway otherwise.
    pub(crate) passes_authorization: bool,
    /// Fields that claim an identity, beside those that are known to.
    pub(crate) dropped: &'a [HeaderName],
    /// How often it has been sent, this time among them.
    pub(crate) attempt: u32,
}

/// What the client's own fields say of which of them cross.
struct Crossing {
    /// Fields that are for this hop alone.
    named: Vec<HeaderName>,
    /// Whether what is said of those before the client is believed.
    is_trusted: bool,
    has_state: bool,
}

impl Forwarding<'_> {
    /// Tells every field of the request, its value in pieces. `Host` comes first (RFC 9110 §7.2), what is added to a list last.
    pub(crate) fn each_field(&self, headers: &HeaderMap, mut tell: impl FnMut(&HeaderName, &[&[u8]])) {
        let crossing = Crossing {
            named: named_by_connection(headers),
            is_trusted: self.client.is_trusted_proxy.get(),
            has_state: self.trace.keeps_state(headers),
        };
        tell(&HOST, &[self.upstream_host.as_bytes()]);
        for (name, value) in headers {
            if self.crosses(name, &crossing) {
                tell(name, &[value.as_bytes()]);
            }
        }
        self.add_origin(headers, &crossing, &mut tell);
        self.add_hop(headers, &mut tell);
        self.add_identity(&mut tell);
    }

    /// The same as a map, for protocols that want one.
    pub(crate) fn fields(&self, headers: &HeaderMap) -> HeaderMap {
        let mut fields = HeaderMap::with_capacity(headers.len() + 12);
        self.each_field(headers, |name, pieces| {
            // Pieces of values make a value.
            if let Ok(value) = HeaderValue::from_bytes(&pieces.concat()) {
                fields.append(name.clone(), value);
            }
        });
        fields
    }

    fn crosses(&self, name: &HeaderName, crossing: &Crossing) -> bool {
        let stays = match *name {
            // Some trailers stay behind; what `Trailer` says of them before might not be true.
            HOST | TRAILER => true,
            AUTHORIZATION => !self.passes_authorization,
            _ => {
                is_hop_by_hop(name)
                    || [CORRELATION_ID, RETRY_ATTEMPT, TRACEPARENT, X_FORWARDED_FOR].contains(name)
                    || is_identity(name)
                    || is_alias(name)
                    || self.drops(name)
                    || (!crossing.is_trusted && is_forwarding(name))
                    || (!crossing.has_state && *name == TRACESTATE)
            }
        };
        !stays && !crossing.named.contains(name)
    }

    /// Whether the configuration has it that the field claims an identity.
    fn drops(&self, name: &HeaderName) -> bool {
        self.dropped.iter().any(|dropped| same_field(name, dropped.as_str()))
    }

    /// Where the request came from, and by whom it was taken.
    fn add_origin(&self, headers: &HeaderMap, crossing: &Crossing, tell: &mut impl FnMut(&HeaderName, &[&[u8]])) {
        let (host, scheme) = (self.host.as_ref().map(HeaderValue::as_bytes), self.client.scheme.as_bytes());
        let is_told = |name: &HeaderName| {
            crossing.is_trusted && headers.contains_key(name) && !crossing.named.contains(name) && !self.drops(name)
        };
        if let Some(host) = host.filter(|_| !is_told(&X_FORWARDED_HOST)) {
            tell(&X_FORWARDED_HOST, &[host]);
        }
        if !is_told(&X_FORWARDED_PROTO) {
            tell(&X_FORWARDED_PROTO, &[scheme]);
        }
        if is_told(&X_FORWARDED_FOR) {
            let chain: Vec<&[u8]> = headers.get_all(X_FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
            tell(&X_FORWARDED_FOR, &[&chain.join(&b", "[..]), b", ", self.client.address.as_bytes()]);
        } else {
            tell(&X_FORWARDED_FOR, &[self.client.address.as_bytes()]);
        }
        // The same that the `X-Forwarded` fields say (RFC 7239 §4).
        let node = self.client.node.as_bytes();
        match host {
            // A host that has been checked has neither quotes nor backslashes.
            Some(host) => tell(&FORWARDED, &[b"for=", node, b";host=\"", host, b"\";proto=", scheme]),
            None => tell(&FORWARDED, &[b"for=", node, b";proto=", scheme]),
        }
        tell(&VIA, &[via(self.version)]);
    }

    /// What the next hop is asked for.
    fn add_hop(&self, headers: &HeaderMap, tell: &mut impl FnMut(&HeaderName, &[&[u8]])) {
        let takes_trailers = takes_trailers(headers);
        if takes_trailers {
            tell(&TE, &[b"trailers"]);
        }
        if let Some(offered) = &self.upgrade {
            tell(&UPGRADE, &[offered.as_bytes()]);
        }
        match (self.upgrade.is_some(), takes_trailers) {
            (true, true) => tell(&CONNECTION, &[b"upgrade, te"]),
            (true, false) => tell(&CONNECTION, &[b"upgrade"]),
            (false, true) => tell(&CONNECTION, &[b"te"]),
            (false, false) => {}
        }
    }

    /// Which request it is, and who is asking.
    fn add_identity(&self, tell: &mut impl FnMut(&HeaderName, &[&[u8]])) {
        tell(&CORRELATION_ID, &[self.correlation_id.as_bytes()]);
        tell(&TRACEPARENT, &[&self.trace.traceparent()]);
        if self.attempt > 1 {
            tell(&RETRY_ATTEMPT, &[itoa::Buffer::new().format(self.attempt).as_bytes()]);
        }
        self.identity.each_field(|name, value| tell(name, &[value.as_bytes()]));
    }
}

/// This hop in `Via`: the version by which the request came, and who took it (RFC 9110 §7.6.3).
const fn via(version: Version) -> &'static [u8] {
    match version {
        Version::HTTP_10 => b"1.0 coregateway",
        Version::HTTP_2 => b"2.0 coregateway",
        _ => b"1.1 coregateway",
    }
}

//! Which header fields cross the gateway, and which it sets itself.
//!
//! In: the fields as a client or an upstream sent them. Out: what the other side may see (RFC 9110 §7.6).

mod claims;
mod forwarding;
mod list;

use std::cell::Cell;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE, VIA,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use self::claims::{is_alias, is_forwarding, is_identity};

pub(crate) use self::forwarding::Forwarding;
pub(crate) use self::list::{has_member, members};

/// `X-Correlation-ID`: follows a request through all services and into every log.
pub(crate) const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// `X-Retry-Attempt`: how often a service has been sent a request, this time among them, where it is more than once.
pub(crate) const RETRY_ATTEMPT: HeaderName = HeaderName::from_static("x-retry-attempt");
/// `RateLimit` of draft-ietf-httpapi-ratelimit-headers-10.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers-10.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// What the gateway calls itself in `Via`.
const PSEUDONYM: &str = "coregateway";

/// Whether `Via` says that a message has been through the gateway before (RFC 9110 §7.6).
pub(crate) fn is_looping(headers: &HeaderMap) -> bool {
    let received_by = |hop: &str| hop.split_ascii_whitespace().nth(1) == Some(PSEUDONYM);
    members(headers, &VIA).any(received_by)
}

/// What is known of a client's connection and goes into the forwarding fields of each of its requests.
#[derive(Debug)]
pub(crate) struct ClientOrigin {
    /// The client's address, as `X-Forwarded-For` has it.
    pub(crate) address: HeaderValue,
    /// The same as a node of `Forwarded` (RFC 7239 §6): IPv6 in brackets and quotes.
    pub(crate) node: String,
    /// How the client speaks to the gateway.
    pub(crate) scheme: &'static str,
    /// Whether what it says of those before it is believed.
    pub(crate) is_trusted_proxy: Cell<bool>,
}

/// Turns an upstream's response fields into those that the client sees.
pub(crate) fn forward_response(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
}

/// Takes out of a request's trailers what its fields must not say either.
pub(crate) fn forward_trailers(trailers: &mut HeaderMap) {
    remove_hop_by_hop(trailers);
    remove_where(trailers, |name| is_identity(name) || is_alias(name) || is_forwarding(name));
    for name in [AUTHORIZATION, VIA, EXPECT, CORRELATION_ID, RETRY_ATTEMPT] {
        trailers.remove(name);
    }
}

/// Whether a message says that its sender makes use of trailers (RFC 9110 §10.1.4).
pub(crate) fn takes_trailers(headers: &HeaderMap) -> bool {
    has_member(headers, &TE, "trailers")
}

/// Removes the fields that are for one hop alone, and those that `Connection` names (RFC 9110 §7.6.1).
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in named_by_connection(headers) {
        headers.remove(name);
    }
    headers.remove(CONNECTION);
    remove_where(headers, is_hop_by_hop);
}

/// The fields that `Connection` names, save those without which the message would mean something else: a client
/// must not be able to take `Content-Length`, `Host` or its credentials out of what the gateway has checked.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let mut lines = headers.get_all(CONNECTION).iter();
    match (lines.next(), lines.next()) {
        (None, _) => return Vec::new(),
        // What nearly every message says names no field.
        (Some(only), None) if is_option(only.as_bytes()) => return Vec::new(),
        _ => {}
    }
    members(headers, &CONNECTION)
        .filter(|option| !is_option(option.as_bytes()))
        .filter_map(|option| HeaderName::from_bytes(option.as_bytes()).ok())
        .filter(|name| ![CONTENT_LENGTH, HOST, AUTHORIZATION, CORRELATION_ID].contains(name))
        .collect()
}

/// Whether this word of `Connection` is one that says something by itself.
fn is_option(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"keep-alive") || word.eq_ignore_ascii_case(b"close")
}

fn remove_where(headers: &mut HeaderMap, is_unwanted: impl Fn(&HeaderName) -> bool) {
    // Nothing is collected, and so nothing allocated, where nothing is unwanted.
    let unwanted: Vec<HeaderName> = headers.keys().filter(|name| is_unwanted(name)).cloned().collect();
    for name in unwanted {
        headers.remove(name);
    }
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    match *name {
        CONNECTION | PROXY_AUTHENTICATE | PROXY_AUTHORIZATION | TE | TRANSFER_ENCODING | UPGRADE => true,
        _ => *name == KEEP_ALIVE || *name == PROXY_CONNECTION,
    }
}

#[cfg(test)]
mod tests {
    use http::Version;

    use super::*;
    use crate::identity::IdentityFields;
    use crate::trace_context::TraceContext;

    fn fields(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    fn forwarded(list: &[(&'static str, &'static str)], is_trusted_proxy: bool) -> HeaderMap {
        let headers = fields(list);
        let client = ClientOrigin {
            address: HeaderValue::from_static("192.0.2.60"),
            node: "192.0.2.60".to_owned(),
            scheme: "http",
            is_trusted_proxy: Cell::new(is_trusted_proxy),
        };
        let forwarding = Forwarding {
            client: &client,
            version: Version::HTTP_11,
            host: Some(HeaderValue::from_static("plant.example")),
            upstream_host: &HeaderValue::from_static("corerl:8000"),
            correlation_id: &HeaderValue::from_static("id-1"),
            trace: TraceContext::of(&headers, false),
            identity: IdentityFields::default(),
            upgrade: None,
            passes_authorization: false,
            dropped: &[HeaderName::from_static("x-plant_user"), HeaderName::from_static("x-forwarded-proto")],
            attempt: 1,
        };
        forwarding.fields(&headers)
    }

    #[test]
    fn hop_by_hop_fields_never_cross() {
        let headers = forwarded(
            &[
                ("connection", "close, X-Private"),
                ("x-private", "1"),
                ("keep-alive", "timeout=5"),
                ("te", "trailers"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "websocket"),
                ("proxy-connection", "keep-alive"),
                ("proxy-authorization", "Basic eA=="),
                ("x-kept", "1"),
            ],
            false,
        );
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "connection",
                "forwarded",
                "host",
                "te",
                "traceparent",
                "via",
                "x-correlation-id",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
                "x-kept"
            ]
        );
    }

    #[test]
    fn connection_cannot_name_away_what_the_gateway_relies_on() {
        let mut headers = fields(&[("connection", "content-length, host, x-correlation-id"), ("content-length", "3")]);
        remove_hop_by_hop(&mut headers);
        assert!(headers.contains_key("content-length"));
    }

    #[test]
    fn connection_cannot_name_away_what_the_gateway_says_of_the_client() {
        let headers =
            forwarded(&[("connection", "X-Service-Auth, x-auth-subject, via"), ("x-service-auth", "own")], false);
        assert!(!headers.contains_key("connection") && !headers.contains_key("x-service-auth"));
        assert!(headers.contains_key("via"));
    }

    #[test]
    fn fields_that_claim_an_identity_are_dropped_in_every_spelling() {
        for name in [
            "X-Service-Auth",
            "x_service_auth",
            "X-Auth-Subject",
            "X_Auth-Roles",
            "X-User-Id",
            "x_user_id",
            "X-Roles",
            "x-user",
            "X-Plant-User",
            "x_plant_user",
            "X-UserId",
            "X-Username",
            "X-Subject",
            "X-Authenticated-Roles",
            "X-Authorization",
            "X-Forwarded-User",
            "Remote-User",
            "SSL_Client_S_DN",
            "X_Correlation_ID",
            "Transfer_Encoding",
            "Content_Length",
        ] {
            let headers = forwarded(&[(name, "admin")], true);
            assert!(!headers.values().any(|value| value == "admin"), "{name}");
        }
    }

    #[test]
    fn fields_that_only_look_a_little_like_an_identity_pass() {
        for name in ["X-Author", "X-Submit", "X-Requested-With", "Accept", "api_key", "X-Api-Key"] {
            assert!(forwarded(&[(name, "1")], false).contains_key(name), "{name}");
        }
    }

    #[test]
    fn a_stranger_cannot_say_where_a_request_came_from() {
        let headers = forwarded(
            &[("x-forwarded-for", "10.0.0.1"), ("x-forwarded-host", "evil"), ("forwarded", "for=10.0.0.1")],
            false,
        );
        assert_eq!(headers["x-forwarded-for"], "192.0.2.60");
        assert_eq!(headers["x-forwarded-host"], "plant.example");
        assert_eq!(headers["forwarded"], r#"for=192.0.2.60;host="plant.example";proto=http"#);
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_added_to_the_chain() {
        let headers = forwarded(
            &[
                ("x-forwarded-for", "198.51.100.7"),
                ("x-forwarded-for", "198.51.100.8"),
                ("x-forwarded-host", "front.example"),
            ],
            true,
        );
        assert_eq!(headers["x-forwarded-for"], "198.51.100.7, 198.51.100.8, 192.0.2.60");
        assert_eq!(headers["x-forwarded-host"], "front.example");
    }

    #[test]
    fn what_is_to_be_dropped_is_dropped_of_a_trusted_proxy_too() {
        assert_eq!(forwarded(&[("x-forwarded-proto", "https")], true)["x-forwarded-proto"], "http");
    }

    #[test]
    fn credentials_go_no_further_than_the_gateway_that_reads_them() {
        assert!(!forwarded(&[("authorization", "Bearer x")], false).contains_key("authorization"));
    }
}

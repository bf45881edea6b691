//! Who is asked, and by what name the request goes: its host and its correlation id.

use std::net::Ipv6Addr;

use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Request, Uri, Version};
use uuid::{NoContext, Timestamp, Uuid};

use crate::clock::UnixSeconds;
use crate::headers::CORRELATION_ID;
use crate::rejection::Rejection;

/// The longest correlation id that a client may choose, in bytes.
const LONGEST_ID: usize = 128;

/// The correlation id that the client sent, if it is one and fit to stand in logs; a new one otherwise.
pub(super) fn correlation_id(headers: &HeaderMap, now: impl FnOnce() -> UnixSeconds) -> HeaderValue {
    let mut sent = headers.get_all(CORRELATION_ID).iter();
    match (sent.next(), sent.next()) {
        (Some(id), None) if is_valid(id.as_bytes()) => id.clone(),
        _ => new_id(now()),
    }
}

fn is_valid(id: &[u8]) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// A UUID version 7 (RFC 9562): sorted by time, the rest random. Its counter is left out, as it is behind a lock.
fn new_id(now: UnixSeconds) -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let id = Uuid::new_v7(Timestamp::from_unix(NoContext, now.0, 0)).hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(id).expect("a UUID is made of hexadecimal digits and hyphens")
}

/// The host that the client asks for: that of the request's target if it has one, else of its one `Host` field
/// (RFC 9112 §3.2).
pub(super) fn host<B>(request: &Request<B>) -> Result<Option<HeaderValue>, Rejection> {
    let mut fields = request.headers().get_all(HOST).iter();
    let host = match (fields.next(), fields.next()) {
        (None, None) if may_be_absent(request) => None,
        (Some(host), None) if is_host(host.as_bytes()) => Some(host),
        _ => return Err(Rejection::BadHost),
    };
    match request.uri().authority() {
        Some(authority) if is_host(authority.as_str().as_bytes()) && is_http(request.uri()) => {
            let asked = HeaderValue::from_str(authority.as_str()).map_err(|_| Rejection::BadHost)?;
            // In HTTP/2 the two are one, and a request in which they differ is malformed (RFC 9113 §8.3.1).
            let differs = host.is_some_and(|host| !host.as_bytes().eq_ignore_ascii_case(asked.as_bytes()));
            if differs && request.version() == Version::HTTP_2 { Err(Rejection::BadHost) } else { Ok(Some(asked)) }
        }
        Some(_) => Err(Rejection::BadHost),
        None => Ok(host.cloned()),
    }
}

/// An HTTP/1.0 client need not name a host, one of HTTP/2 names it in the target (RFC 9113 §8.3.1).
fn may_be_absent<B>(request: &Request<B>) -> bool {
    match request.version() {
        Version::HTTP_10 => true,
        Version::HTTP_2 => request.uri().authority().is_some(),
        _ => false,
    }
}

fn is_http(target: &Uri) -> bool {
    target.scheme().is_none_or(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS)
}

/// `uri-host [ ":" port ]` of RFC 9110 §7.2: an IPv6 address in brackets, or what else RFC 3986 has for a host without
/// user information.
fn is_host(host: &[u8]) -> bool {
    let (name, port) = match host {
        [b'[', rest @ ..] => match rest.iter().position(|byte| *byte == b']') {
            Some(end) if is_ipv6(&rest[..end]) => (&b"v6"[..], &rest[end + 1..]),
            _ => return false,
        },
        _ => host.split_at(host.iter().position(|byte| *byte == b':').unwrap_or(host.len())),
    };
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(byte);
    is_port && !name.is_empty() && name.iter().all(is_name)
}

fn is_ipv6(address: &[u8]) -> bool {
    std::str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(sent: &[&'static str]) -> HeaderValue {
        let headers = sent.iter().map(|id| (CORRELATION_ID, HeaderValue::from_static(id))).collect();
        correlation_id(&headers, || UnixSeconds(1_700_000_000))
    }

    #[test]
    fn a_valid_correlation_id_is_kept() {
        assert_eq!(id_for(&["plant-7_a.b"]), "plant-7_a.b");
    }

    #[test]
    fn no_id_a_bad_one_or_two_of_them_are_replaced() {
        let long: &'static str = "a".repeat(129).leak();
        for sent in [&[][..], &[""], &["a b"], &["{\"x\":1}"], &[long], &["a", "b"]] {
            let id = id_for(sent);
            let id = Uuid::parse_str(id.to_str().unwrap()).unwrap();
            assert_eq!(id.get_version_num(), 7);
        }
    }

    fn host_of(target: &str, version: Version, hosts: &[&'static str]) -> Result<Option<HeaderValue>, Rejection> {
        let mut request = Request::builder().uri(target).version(version).body(()).unwrap();
        for value in hosts {
            request.headers_mut().append(HOST, HeaderValue::from_static(value));
        }
        host(&request)
    }

    #[test]
    fn exactly_one_valid_host_is_asked_for() {
        for hosts in [
            &[][..],
            &["a", "a"],
            &[""],
            &["a b"],
            &["user@a"],
            &["a:b:c"],
            &["a:x"],
            &["[::g]"],
            &["[::1"],
            &[":1"],
            &["a/b"],
        ] {
            assert!(matches!(host_of("/", Version::HTTP_11, hosts), Err(Rejection::BadHost)), "{hosts:?}");
        }
        for host in ["plant:8001", "192.0.2.1", "[::1]:80", "[::1]", "a_b.local", "a:"] {
            assert_eq!(host_of("/", Version::HTTP_11, &[host]).unwrap().unwrap(), host);
        }
        assert_eq!(host_of("/", Version::HTTP_10, &[]).unwrap(), None);
    }

    #[test]
    fn the_target_of_absolute_form_wins_over_host() {
        assert_eq!(host_of("http://a.example/x", Version::HTTP_11, &["b"]).unwrap().unwrap(), "a.example");
        for target in ["http://user:secret@a.example/x", "ftp://a.example/x"] {
            assert!(matches!(host_of(target, Version::HTTP_11, &["b"]), Err(Rejection::BadHost)), "{target}");
        }
    }
}

//! What makes two requests equal.
//!
//! The route, who asks, the method, what the upstream is asked for, the fields that make an answer another one, and the body: a
//! digest over all of them. It is a cryptographic one, so that nobody can make up a request that gets another's answer.

use aws_lc_rs::digest::{Context, SHA256};
use gateway_table::RoleSet;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE,
    HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, ORIGIN, RANGE,
};
use http::{HeaderMap, HeaderName, Method};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// The fields of a request that make it another one, or its answer. `Authorization` is one where it is not known already who
/// asks, or where the upstream sees it.
const FIELDS: [HeaderName; 18] = [
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_TYPE,
    COOKIE,
    HOST,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    ORIGIN,
    RANGE,
    PREFER,
    IDEMPOTENCY_KEY,
    METHOD_OVERRIDE,
];

/// A digest that is equal for equal requests alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

/// A request, as far as it decides what is equal to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The route, by index into the table.
    pub(crate) route: usize,
    /// Whom the token is about, where there is a token that says so.
    pub(crate) subject: Option<&'a str>,
    /// What the token is good for; nothing without one.
    pub(crate) roles: Option<RoleSet>,
    /// Whether the upstream sees `Authorization` as it came.
    pub(crate) passes_authorization: bool,
    /// The method.
    pub(crate) method: &'a Method,
    /// What the upstream is asked for: path and query.
    pub(crate) target: &'a str,
    /// The fields, as the client sent them.
    pub(crate) headers: &'a HeaderMap,
}

impl Asked<'_> {
    /// The request's key, with the bytes of its body.
    pub(crate) fn key(&self, body: &[u8]) -> Key {
        let mut digest = Context::new(&SHA256);
        number(&mut digest, self.route as u64);
        optional(&mut digest, self.subject.map(str::as_bytes));
        optional(&mut digest, self.roles.map(|roles| roles.bits().to_le_bytes()).as_ref().map(|bits| &bits[..]));
        part(&mut digest, self.method.as_str().as_bytes());
        part(&mut digest, self.target.as_bytes());
        // A token that names nobody, or is not asked for, tells callers apart by its own bytes.
        let tells_who = self.subject.is_none() || self.roles.is_none() || self.passes_authorization;
        for name in FIELDS.iter().chain(tells_who.then_some(&AUTHORIZATION)) {
            let values = self.headers.get_all(name);
            number(&mut digest, values.iter().count() as u64);
            values.iter().for_each(|value| part(&mut digest, value.as_bytes()));
        }
        part(&mut digest, body);
        let mut key = [0; 32];
        key.copy_from_slice(digest.finish().as_ref());
        Key(key)
    }
}

/// Whether requests with equal keys agree in the field `name`, whatever it is.
pub(super) fn decides(name: &str) -> bool {
    FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field.as_str()))
}

impl Key {
    /// A number that is different for most keys.
    pub(super) const fn spread(self) -> usize {
        self.0[0] as usize
    }
}

fn number(digest: &mut Context, number: u64) {
    digest.update(&number.to_le_bytes());
}

/// A part and its length, so that two parts are never read as two others.
fn part(digest: &mut Context, bytes: &[u8]) {
    number(digest, bytes.len() as u64);
    digest.update(bytes);
}

fn optional(digest: &mut Context, bytes: Option<&[u8]>) {
    number(digest, u64::from(bytes.is_some()));
    part(digest, bytes.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn ann(headers: &HeaderMap) -> Asked<'_> {
        Asked {
            route: 3,
            subject: Some("ann"),
            roles: Some(RoleSet::single(1)),
            passes_authorization: false,
            method: &Method::POST,
            target: "/start?fast",
            headers,
        }
    }

    #[test]
    fn equal_requests_have_equal_keys_whatever_else_they_carry() {
        let (one, other) = (
            headers(&[("authorization", "Bearer a"), ("x-correlation-id", "1"), ("content-type", "text/plain")]),
            headers(&[("authorization", "Bearer b"), ("traceparent", "x"), ("content-type", "text/plain")]),
        );
        assert_eq!(ann(&one).key(b"x"), ann(&other).key(b"x"));
    }

    #[test]
    fn every_difference_makes_another_key() {
        let (none, typed) = (HeaderMap::new(), headers(&[("content-type", "a")]));
        let (twice, joined) = (&mut typed.clone(), headers(&[("content-type", "aa")]));
        twice.append(CONTENT_TYPE, HeaderValue::from_static("a"));
        let base = ann(&none);
        let keys = [
            base.key(b"x"),
            base.key(b""),
            Asked { route: 4, ..base }.key(b"x"),
            Asked { subject: Some("bob"), ..base }.key(b"x"),
            Asked { subject: None, ..base }.key(b"x"),
            Asked { subject: Some(""), ..base }.key(b"x"),
            Asked { roles: Some(RoleSet::single(2)), ..base }.key(b"x"),
            Asked { roles: None, ..base }.key(b"x"),
            Asked { method: &Method::PUT, ..base }.key(b"x"),
            Asked { target: "/start", ..base }.key(b"x"),
            Asked { target: "/start?fas", ..base }.key(b"tx"),
            Asked { headers: &typed, ..base }.key(b"x"),
            Asked { headers: twice, ..base }.key(b"x"),
            Asked { headers: &joined, ..base }.key(b"x"),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "{index}");
        }
    }

    #[test]
    fn a_token_that_names_nobody_is_told_by_its_bytes() {
        let (one, other) = (headers(&[("authorization", "Bearer a")]), headers(&[("authorization", "Bearer b")]));
        let differs = |asked: fn(Asked<'_>) -> Asked<'_>| asked(ann(&one)).key(b"") != asked(ann(&other)).key(b"");
        assert!(differs(|asked| Asked { subject: None, ..asked }));
        assert!(differs(|asked| Asked { subject: None, roles: None, ..asked }));
        assert!(differs(|asked| Asked { passes_authorization: true, ..asked }));
        assert!(!differs(|asked| asked));
    }
}

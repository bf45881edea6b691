//! An answer that more than one request gets.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AGE, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::gather::Held;
use super::key;
use crate::headers::members;

/// What RFC 9211 calls the field that says how a request met the debounce.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What an answer takes beside its body and its fields, roughly.
const OVERHEAD: usize = 512;

/// An answer that more than one request gets.
#[derive(Debug)]
pub(crate) struct SharedAnswer {
    status: StatusCode,
    headers: HeaderMap,
    body: Held,
    came: Instant,
    /// Whether its fields found room, too.
    has_room: bool,
}

/// How a request met the debounce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// It made the call.
    Led,
    /// It waited for the call of another.
    Waited,
    /// It came when the answer was there.
    Kept,
}

impl SharedAnswer {
    /// The answer with these fields, which are as a client may see them, that came now.
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, mut body: Held, now: Instant) -> Self {
        let fields = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        let has_room = body.room.grow(fields.sum::<usize>() + OVERHEAD);
        Self { status, headers, body, came: now, has_room }
    }

    /// Whether an answer with these fields may go to others than who asked: not a cookie to somebody who is not known, and
    /// nothing that depends on what equal requests may differ in.
    pub(crate) fn may_be_shared(headers: &HeaderMap, is_known: bool) -> bool {
        (is_known || !headers.contains_key(SET_COOKIE)) && members(headers, &VARY).all(key::decides)
    }

    /// Whether it is good for those who come later: a failure is not, nor what says to come again.
    pub(super) fn may_be_kept(&self) -> bool {
        let is_passing = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
        self.has_room && !self.status.is_server_error() && !is_passing.contains(&self.status)
    }

    /// The answer for one of those who get it, marked with how that came.
    pub(crate) fn response(&self, met: Met, now: Instant) -> Response<Bytes> {
        let mut response = Response::new(self.body.bytes.clone());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        mark(response.headers_mut(), met);
        if met == Met::Kept {
            grow_older(response.headers_mut(), now.saturating_duration_since(self.came));
        }
        response
    }
}

/// Says in `Cache-Status` (RFC 9211) how a request met the debounce, after what caches behind the gateway say.
pub(crate) fn mark(headers: &mut HeaderMap, met: Met) {
    let status = match met {
        Met::Led => "coregateway; fwd=miss",
        Met::Waited => "coregateway; fwd=miss; collapsed",
        Met::Kept => "coregateway; hit",
    };
    headers.append(CACHE_STATUS, HeaderValue::from_static(status));
}

/// Adds to `Age` how long the answer has been here (RFC 9111, 5.1).
fn grow_older(headers: &mut HeaderMap, here: Duration) {
    let before = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse::<u64>().ok()).unwrap_or_default();
    headers.insert(AGE, HeaderValue::from(before.saturating_add(here.as_secs())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    fn fields(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn answer(status: u16, headers: HeaderMap, room: usize, came: Instant) -> SharedAnswer {
        let body = Held { bytes: Bytes::from_static(b"x"), room: Budget::new(room).none() };
        SharedAnswer::new(StatusCode::from_u16(status).unwrap(), headers, body, came)
    }

    #[test]
    fn a_cookie_is_for_nobody_but_who_asked() {
        let cookie = fields(&[("set-cookie", "a=b")]);
        assert!(SharedAnswer::may_be_shared(&cookie, true) && !SharedAnswer::may_be_shared(&cookie, false));
    }

    #[test]
    fn what_varies_by_more_than_equal_requests_agree_in_is_not_shared() {
        for (vary, is_shared) in
            [("Accept-Encoding, origin", true), ("", true), ("*", false), ("Accept, User-Agent", false)]
        {
            let headers = HeaderMap::from_iter([(VARY, HeaderValue::from_static(vary))]);
            assert_eq!(SharedAnswer::may_be_shared(&headers, true), is_shared, "{vary}");
        }
    }

    #[test]
    fn failures_and_what_is_not_for_long_are_not_kept() {
        let now = Instant::now();
        let is_kept = |status, room| answer(status, HeaderMap::new(), room, now).may_be_kept();
        assert!(is_kept(200, 1000) && is_kept(404, 1000) && is_kept(303, 1000));
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert!(!is_kept(status, 1000), "{status}");
        }
        assert!(!is_kept(200, 100));
    }

    #[test]
    fn each_answer_says_how_it_came() {
        let came = Instant::now();
        let answer = answer(200, fields(&[("age", "7"), ("cache-status", "far; hit")]), 1000, came);
        let told = |met| {
            let headers = answer.response(met, came + Duration::from_millis(2900)).into_parts().0.headers;
            let statuses: Vec<String> =
                headers.get_all(CACHE_STATUS).iter().map(|value| value.to_str().unwrap().to_owned()).collect();
            (statuses[1..].join("|"), headers[AGE].to_str().unwrap().to_owned())
        };
        assert_eq!(told(Met::Led), ("coregateway; fwd=miss".into(), "7".into()));
        assert_eq!(told(Met::Waited), ("coregateway; fwd=miss; collapsed".into(), "7".into()));
        assert_eq!(told(Met::Kept), ("coregateway; hit".into(), "9".into()));
    }
}

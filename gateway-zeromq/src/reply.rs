//! The head of a reply, as `docs/zeromq.md` describes it.

use std::borrow::Cow;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;

use crate::{ReplyFault, VERSION};

/// How many fields a reply may have.
pub const MOST_FIELDS: usize = 100;

/// What a service says in front of a reply's body.
#[derive(Debug, PartialEq, Eq)]
pub struct ReplyHead {
    /// From 200 to 599.
    pub status: StatusCode,
    /// The fields; how long the body is, is not among them.
    pub headers: HeaderMap,
}

/// The head as it is written; keys that it does not have here are left alone, so that services may say more.
#[derive(Deserialize)]
struct Written<'a> {
    version: u64,
    status: u64,
    #[serde(borrow, default)]
    headers: Vec<(Text<'a>, Text<'a>)>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl ReplyHead {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// It is no head, or HTTP cannot carry what it says.
    pub fn read(head: &[u8]) -> Result<Self, ReplyFault> {
        let written: Written<'_> = serde_json::from_slice(head)?;
        if written.version != VERSION {
            return Err(ReplyFault::Version(written.version));
        }
        let status = u16::try_from(written.status).ok().filter(|status| (200..600).contains(status));
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.ok_or(ReplyFault::Status(written.status))?;
        if written.headers.len() > MOST_FIELDS {
            return Err(ReplyFault::TooManyFields(MOST_FIELDS));
        }
        let mut headers = HeaderMap::with_capacity(written.headers.len());
        for (Text(name), Text(value)) in written.headers {
            let field = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(&value).ok());
            let (name, value) = field.ok_or_else(|| ReplyFault::Field(name.chars().take(64).collect()))?;
            headers.append(name, value);
        }
        // The length of the body is that of its frame, whatever is said.
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        Ok(Self { status, headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<ReplyHead, ReplyFault> {
        ReplyHead::read(head.as_bytes())
    }

    #[test]
    fn a_head_is_a_status_and_fields_in_their_order() {
        let head = read(
            r#"{"version": 1, "status": 201, "headers": [["Set-Cookie", "a=1"], ["set-cookie", "b=2"],
                ["content-length", "7"], ["x-plant", "W\u00e4rme"]], "more": {}}"#,
        );
        let head = head.unwrap();
        assert_eq!(head.status, StatusCode::CREATED);
        let cookies: Vec<&HeaderValue> = head.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(head.headers["x-plant"].as_bytes(), "Wärme".as_bytes());
        assert!(!head.headers.contains_key("content-length"));
        assert!(read(r#"{"version": 1, "status": 204}"#).unwrap().headers.is_empty());
    }

    #[test]
    fn a_status_that_no_reply_has_is_refused() {
        for status in [0, 99, 100, 101, 199, 600, 999, 65_736] {
            let told = read(&format!(r#"{{"version": 1, "status": {status}}}"#));
            assert!(matches!(told, Err(ReplyFault::Status(of)) if of == status), "{told:?}");
        }
    }

    #[test]
    fn what_http_cannot_carry_is_refused() {
        for field in [r#"["", "x"]"#, r#"["a b", "x"]"#, r#"["a", "x\r\ny: z"]"#, r#"["a", "\u0000"]"#] {
            let told = read(&format!(r#"{{"version": 1, "status": 200, "headers": [{field}]}}"#));
            assert!(matches!(told, Err(ReplyFault::Field(_))), "{told:?}");
        }
        let many = vec![r#"["a", "b"]"#; MOST_FIELDS + 1].join(",");
        let told = read(&format!(r#"{{"version": 1, "status": 200, "headers": [{many}]}}"#));
        assert!(matches!(told, Err(ReplyFault::TooManyFields(MOST_FIELDS))), "{told:?}");
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for head in ["", "{}", "[]", "null", r#"{"version": 1}"#, r#"{"version": 1, "status": "200"}"#, "\u{0}"] {
            assert!(matches!(read(head), Err(ReplyFault::Head(_))), "{head}");
        }
        let nested = "[".repeat(60_000);
        assert!(matches!(read(&nested), Err(ReplyFault::Head(_))));
        assert!(matches!(read(r#"{"version": 2, "status": 200}"#), Err(ReplyFault::Version(2))));
        assert!(matches!(ReplyHead::read(b"\xff\xfe"), Err(ReplyFault::Head(_))));
    }
}

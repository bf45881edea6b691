//! What the tests of request heads share.

use bytes::BytesMut;
use gateway_http1::{HeadLimits, HeadReader, RequestFault};
use http::HeaderMap;

use super::request;

/// A request whose fields are these lines.
pub(crate) fn with(fields: &str) -> String {
    format!("POST /a HTTP/1.1\r\nHost: x\r\n{fields}\r\n")
}

#[track_caller]
pub(crate) fn refused(heads: &[&str], fault: impl Into<RequestFault> + Copy, status: u16) {
    for head in heads {
        let found = request(head).expect_err(head);
        assert_eq!(found, fault.into(), "{head:?}");
        assert_eq!(found.status().as_u16(), status, "{head:?}");
        assert!(!found.to_string().is_empty());
    }
}

#[track_caller]
pub(crate) fn fields_refused(fields: &[&str], fault: impl Into<RequestFault> + Copy, status: u16) {
    for field in fields {
        refused(&[&with(field)], fault, status);
    }
}

/// Whether a head is whole, within these limits.
pub(crate) fn within(limits: HeadLimits, head: &str) -> Result<bool, RequestFault> {
    HeadReader::new(limits).read_request(&mut BytesMut::from(head), &mut HeaderMap::new()).map(|head| head.is_some())
}

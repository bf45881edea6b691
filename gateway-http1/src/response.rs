//! A response's head: its bytes in, what they mean out.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};

use crate::body_length::BodyLength;
use crate::fault::{FieldFault, FramingFault, ResponseFault};
use crate::fields::{self, next_line};
use crate::framing::Announced;
use crate::version::{self, Named};

/// A response without its body.
#[derive(Debug)]
pub struct ResponseHead {
    /// The status, 100 to 599.
    pub status: StatusCode,
    /// 1.0 or 1.1; a higher minor version counts as 1.1.
    pub version: Version,
    /// All fields as they came, those that frame the message among them.
    pub headers: HeaderMap,
    /// How the body ends.
    pub body: BodyLength,
    /// Whether the connection can be used again, once the body has been read and if nothing follows it.
    pub is_persistent: bool,
}

/// Reads a whole head, whose lines all end in CR LF.
pub(crate) fn read(
    head: &Bytes,
    most_fields: usize,
    asked: &Method,
    spare: &mut HeaderMap,
) -> Result<ResponseHead, ResponseFault> {
    let mut at = 0;
    let (version, status) = read_status_line(&head[next_line(head, &mut at)])?;
    let mut headers = std::mem::take(spare);
    headers.clear();
    let mut announced = Announced::default();
    fields::read(head, at, most_fields, &mut headers, |name, value| {
        announced.note(name, value).map(|()| true).map_err(ResponseFault::from)
    })?;
    let (body, may_persist) = settle_body(status, asked, announced.body(version)?)?;
    let is_persistent = may_persist && announced.is_persistent(version);
    Ok(ResponseHead { status, version, headers, body, is_persistent })
}

/// RFC 9112, section 6.3: how long the body really is, and whether the connection can outlive it.
fn settle_body(
    status: StatusCode,
    asked: &Method,
    announced: Option<BodyLength>,
) -> Result<(BodyLength, bool), FramingFault> {
    match status {
        // The connection speaks something else from here on.
        StatusCode::SWITCHING_PROTOCOLS if announced.is_none() => Ok((BodyLength::Empty, false)),
        _ if status.is_informational() => match announced {
            None => Ok((BodyLength::Empty, true)),
            Some(_) => Err(FramingFault::InformationalBody),
        },
        // A 204 that announces a body may send one, which must not be taken for the next answer.
        StatusCode::NO_CONTENT => Ok((BodyLength::Empty, announced.is_none_or(BodyLength::is_empty))),
        StatusCode::NOT_MODIFIED => Ok((BodyLength::Empty, true)),
        _ if asked == Method::HEAD => Ok((BodyLength::Empty, true)),
        _ if asked == Method::CONNECT && status.is_success() => Ok((BodyLength::UntilClose, false)),
        _ => Ok(announced.map_or((BodyLength::UntilClose, false), |body| (body, true))),
    }
}

/// `HTTP/1.1 200 OK`; the reason may be empty, with the space before it or without.
fn read_status_line(line: &[u8]) -> Result<(Version, StatusCode), ResponseFault> {
    let (version, rest) = line.split_at_checked(8).ok_or(ResponseFault::Line)?;
    let version = match version::read(version) {
        Some(Named::One(version)) => version,
        Some(Named::Other) => return Err(ResponseFault::Version),
        None => return Err(ResponseFault::Line),
    };
    match rest {
        [b' ', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => Ok((version, read_status([*a, *b, *c])?)),
        [b' ', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', reason @ ..] => {
            check_reason(reason)?;
            Ok((version, read_status([*a, *b, *c])?))
        }
        _ => Err(ResponseFault::Line),
    }
}

fn read_status(digits: [u8; 3]) -> Result<StatusCode, ResponseFault> {
    match digits[0] {
        b'1'..=b'5' => StatusCode::from_bytes(&digits).map_err(|_| ResponseFault::Status),
        _ => Err(ResponseFault::Status),
    }
}

fn check_reason(reason: &[u8]) -> Result<(), ResponseFault> {
    match reason.iter().find(|&&byte| byte.is_ascii_control() && byte != b'\t') {
        None => Ok(()),
        Some(b'\r') => Err(FieldFault::BareCarriageReturn.into()),
        Some(_) => Err(ResponseFault::Line),
    }
}

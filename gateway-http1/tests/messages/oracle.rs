//! A second opinion on a head: whatever we take, a parser by others reads the same from the same bytes.

use bytes::BytesMut;
use gateway_http1::{BodyLength, HeadReader};
use http::{HeaderMap, Method};

use super::stream::ROOMY;

/// A field as the other parser sees it.
type Fields = Vec<(String, Vec<u8>)>;

/// What the other parser says of a request's bytes.
pub(crate) fn agrees_on_request(bytes: &[u8]) {
    let mut buffer = BytesMut::from(bytes);
    let mut slots = vec![httparse::EMPTY_HEADER; 1000];
    let mut other = httparse::Request::new(&mut slots);
    let read = other.parse(bytes);
    let Ok(head) = HeadReader::new(ROOMY).read_request(&mut buffer, &mut HeaderMap::new()) else { return };
    let Some(head) = head else { return assert!(!matches!(read, Ok(httparse::Status::Complete(_)))) };
    let taken = &bytes[..bytes.len() - buffer.len()];
    is_clean(taken);
    if read == Err(httparse::Error::Version) {
        return; // A minor version above 1, which it does not know.
    }
    assert_eq!(read, Ok(httparse::Status::Complete(taken.len())));
    assert_eq!(other.method, Some(head.method.as_str()));
    let path = head.target.path_and_query().map_or(head.target.to_string(), ToString::to_string);
    // What an absolute-form target lacks of a path, ours has as a slash.
    let target = other.path.expect("it has a target");
    assert!(target == path || target.contains("://") && head.target.scheme().is_some());
    let fields = fields(other.headers);
    assert_eq!(fields, sorted(&head.headers));
    assert_eq!(head.body, announced(&fields).unwrap_or(BodyLength::Empty));
    assert_eq!(head.is_persistent, persists(other.version == Some(0), &fields));
}

/// What the other parser says of a response's bytes.
pub(crate) fn agrees_on_response(bytes: &[u8]) {
    let mut buffer = BytesMut::from(bytes);
    let mut slots = vec![httparse::EMPTY_HEADER; 1000];
    let mut other = httparse::Response::new(&mut slots);
    let read = other.parse(bytes);
    let Ok(head) = HeadReader::new(ROOMY).read_response(&mut buffer, &Method::GET, &mut HeaderMap::new()) else {
        return;
    };
    let Some(head) = head else { return assert!(!matches!(read, Ok(httparse::Status::Complete(_)))) };
    let taken = &bytes[..bytes.len() - buffer.len()];
    is_clean(taken);
    if read == Err(httparse::Error::Version) {
        return;
    }
    assert_eq!(read, Ok(httparse::Status::Complete(taken.len())));
    assert_eq!(other.code, Some(head.status.as_u16()));
    let fields = fields(other.headers);
    assert_eq!(fields, sorted(&head.headers));
    let has_body = !head.status.is_informational() && !matches!(head.status.as_u16(), 204 | 304);
    let body = if has_body { announced(&fields).unwrap_or(BodyLength::UntilClose) } else { BodyLength::Empty };
    assert_eq!(head.body, body);
    assert!(!head.is_persistent || persists(other.version == Some(0), &fields));
}

/// Every line ends in CR LF, and there is no other control byte than a tab.
fn is_clean(head: &[u8]) {
    let rest = head.strip_suffix(b"\r\n").expect("a head ends in an empty line");
    for line in rest.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r\n").expect("a line ends in CR LF");
        assert!(line.iter().all(|&byte| byte == b'\t' || !byte.is_ascii_control()), "{line:?}");
    }
}

fn fields(headers: &[httparse::Header<'_>]) -> Fields {
    let mut fields: Fields =
        headers.iter().map(|field| (field.name.to_lowercase(), field.value.trim_ascii().to_vec())).collect();
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    fields
}

fn sorted(headers: &HeaderMap) -> Fields {
    let mut fields: Fields =
        headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    fields
}

fn all<'a>(fields: &'a Fields, name: &'a str) -> impl Iterator<Item = String> + 'a {
    fields.iter().filter(move |field| field.0 == name).map(|field| String::from_utf8_lossy(&field.1).to_lowercase())
}

/// How long the body is, by the plainest reading of the fields; what is taken must not need another.
fn announced(fields: &Fields) -> Option<BodyLength> {
    let framing: Vec<String> = all(fields, "transfer-encoding").chain(all(fields, "content-length")).collect();
    match &framing[..] {
        [] => None,
        [value] if value == "chunked" => Some(BodyLength::Chunked),
        [value] if value.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(BodyLength::Exact(value.parse().expect("it is a number of 64 bits")))
        }
        _ => unreachable!("{framing:?} was taken"),
    }
}

fn persists(is_old: bool, fields: &Fields) -> bool {
    let options = all(fields, "connection").collect::<Vec<_>>().join(",");
    let says = |option| options.split(',').any(|said| said.trim() == option);
    !says("close") && (!is_old || says("keep-alive"))
}
